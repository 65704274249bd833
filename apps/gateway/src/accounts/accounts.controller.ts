import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Accounts, accountView, type StillInForce } from '#libs/accounts';
import { Clock } from '#libs/clock';
import { GatewaySettings } from '#libs/config';
import { AccountLanes, ImageRequests } from '#libs/image-requests';
import type { Caller } from '#libs/tenants';
import { CurrentCaller, RequiresScope } from '../http/access.js';
import { cursorAfter, idAfter } from '../http/cursor.js';
import { KeyWatch } from '../http/key-watch.js';
import { pageOf } from '../http/page.js';
import { PageQuery } from '../http/page.query.dto.js';
import { Problems } from '../http/problem.view.js';
import { CreateAccount, PatchAccount, PutCredential } from './account.dto.js';
import { AccountPage, AccountView, VerificationView, verificationView } from './account.view.js';
import { credentialOrderOf } from './credential.dto.js';
import { LaneList, laneView } from './lane.view.js';

@ApiTags('Accounts')
@Controller('v1/accounts')
export class AccountsController {
  constructor(
    private readonly accounts: Accounts,
    private readonly imageRequests: ImageRequests,
    private readonly accountLanes: AccountLanes,
    private readonly clock: Clock,
    private readonly settings: GatewaySettings,
    private readonly keys: KeyWatch,
  ) {}

  @Post()
  @RequiresScope('accounts:write')
  @ApiOperation({
    summary: 'Register a cloud account',
    description:
      'The credential is checked with `sts:GetCallerIdentity` and kept sealed; a key never comes back. For a role, put ' +
      '`tenant.externalId` of `GET /v1/me` into its trust policy first: it is assumed at once.',
  })
  @ApiCreatedResponse({ type: AccountView })
  @Problems(400, 422, 503)
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: CreateAccount,
    @Req() request: FastifyRequest,
  ): Promise<AccountView> {
    const credential = credentialOrderOf(body.credential);
    const order = { name: body.name, site: body.site ?? this.settings.defaultSite, credential };
    return this.whileInForce(request, async (stillInForce) =>
      accountView(await this.accounts.create(caller, order, stillInForce)),
    );
  }

  @Get()
  @RequiresScope('accounts:read')
  @ApiOperation({ summary: 'List accounts, newest first' })
  @ApiOkResponse({ type: AccountPage })
  @Problems(400)
  async list(@CurrentCaller() caller: Caller, @Query() { limit, cursor }: PageQuery): Promise<AccountPage> {
    const accounts = await this.accounts.list(caller.tenantId, { after: idAfter('acc', cursor), limit: limit + 1 });
    return pageOf(accounts, limit, accountView, (account) => cursorAfter(account.id));
  }

  @Get(':id')
  @RequiresScope('accounts:read')
  @ApiOperation({ summary: 'Read an account' })
  @ApiOkResponse({ type: AccountView })
  @Problems(404)
  async get(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<AccountView> {
    return accountView(await this.accounts.get(caller.tenantId, id));
  }

  @Patch(':id')
  @RequiresScope('accounts:write')
  @ApiOperation({ summary: 'Rename an account, disable it or make it active again' })
  @ApiOkResponse({ type: AccountView })
  @Problems(400, 404)
  async patch(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body() body: PatchAccount,
  ): Promise<AccountView> {
    return accountView(await this.accounts.patch(caller, id, body));
  }

  @Put(':id/credential')
  @RequiresScope('accounts:write')
  @ApiOperation({
    summary: 'Replace the credential',
    description:
      'Checked live before the switch, and only for the same identity as before. A key may take the place of a role and ' +
      'a role that of a key only where the cloud names the same identity for both. Calls in flight end on the old key. ' +
      'An account whose credential was rejected is repaired by it: its waiting image requests go on.',
  })
  @ApiOkResponse({ type: AccountView })
  @Problems(400, 404, 409, 422, 503)
  async putCredential(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body() body: PutCredential,
    @Req() request: FastifyRequest,
  ): Promise<AccountView> {
    const order = credentialOrderOf(body.credential);
    return this.whileInForce(request, async (stillInForce) =>
      accountView(await this.accounts.replaceCredential(caller, id, order, stillInForce)),
    );
  }

  @Post(':id/verify')
  @HttpCode(200)
  @RequiresScope('accounts:write')
  @ApiOperation({
    summary: 'Ask the cloud whether the credential is still good',
    description:
      'A refusal marks the account, and its image requests wait. A success repairs it, say after a disabled key was ' +
      'enabled again, and they go on. A role is assumed anew, so that a trust policy that was changed shows.',
  })
  @ApiOkResponse({ type: VerificationView })
  @Problems(404, 422, 503)
  async verify(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<VerificationView> {
    return verificationView(await this.accounts.verify(caller, id));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequiresScope('accounts:write')
  @ApiOperation({ summary: 'Delete an account', description: 'Its sealed credential is destroyed with it.' })
  @ApiNoContentResponse()
  @Problems(404, 409)
  async delete(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<void> {
    await this.accounts.delete(caller, id, (tx, tenantId, accountId) =>
      this.imageRequests.hasOpen(tx, tenantId, accountId),
    );
  }

  @Get(':id/lanes')
  @RequiresScope('accounts:read')
  @ApiOperation({
    summary: 'Read the lanes that the calls of an account pass through',
    description: 'Accounts whose credentials belong to one sub-account share their lanes, as they share its allowance.',
  })
  @ApiOkResponse({ type: LaneList })
  @Problems(404, 503)
  async lanes(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<LaneList> {
    const lanes = await this.accountLanes.list(await this.accounts.get(caller.tenantId, id));
    const now = this.clock.now();
    return { data: lanes.map((lane) => laneView(lane, now)) };
  }

  /** The cloud may take its time, and nothing may be changed in the name of a key that was revoked meanwhile. */
  private async whileInForce<Answer>(
    request: FastifyRequest,
    act: (stillInForce: StillInForce) => Promise<Answer>,
  ): Promise<Answer> {
    const key = this.keys.watch(request);
    try {
      return await act(() => key.refuseIfEnded());
    } finally {
      key.stop();
    }
  }
}

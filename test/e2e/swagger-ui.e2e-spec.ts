import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { stopAllProcesses } from '#libs/testing';
import { launchChromium } from '../support/chromium.js';
import { ended } from '../support/image-requests.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

describe('Swagger UI', () => {
  let service: WholeService;
  let tenant: TestTenant;
  let chromium: Browser;
  let page: Page;
  let folder: string;

  beforeAll(async () => {
    [service, chromium, folder] = await Promise.all([
      startWholeService(),
      launchChromium(),
      mkdtemp(join(tmpdir(), 'swagger-ui-')),
    ]);
    tenant = await service.createTenant('swagger');
    page = await chromium.newPage({ viewport: { width: 1280, height: 1600 } });
  }, 300_000);
  afterAll(async () => {
    await chromium.close();
    await service.stop();
    await stopAllProcesses();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('lets a newcomer authorise, run the example of the CreateImage page and read the 202', async () => {
    const foreign: string[] = [];
    const broken: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(service.url) && !request.url().startsWith('data:')) foreign.push(request.url());
    });
    page.on('pageerror', (error) => broken.push(error.message));

    await page.goto(`${service.url}/docs`);
    await page.locator('button.authorize').first().click();
    await page.locator('.modal-ux input').first().fill(tenant.key);
    await page.locator('.modal-ux button.authorize').click();
    await page.locator('.modal-ux button.btn-done').click();

    const operation = page.locator('.opblock-post', { has: page.locator('[data-path="/v1/image-requests"]') });
    await operation.locator('.opblock-summary').click();
    const body = operation.locator('textarea.body-param__text');
    const example = JSON.parse(await body.inputValue()) as Record<string, unknown>;
    expect(example).toMatchObject({ instanceId: 'ins-6pb6lrmy', imageName: 'myImage', region: 'ap-guangzhou' });

    await body.fill(JSON.stringify({ ...example, accountId: tenant.account.id }, null, 2));
    await operation.locator('button.execute').click();
    const answer = operation.locator('.live-responses-table');
    await answer.waitFor();
    expect((await answer.locator('tbody td.response-col_status').first().innerText()).trim()).toMatch(/^202/);
    const text = await answer.locator('.highlight-code').first().innerText();
    const id = /"id": "(ireq_[a-z0-9]+)"/.exec(text)?.[1] ?? '';
    expect(await ended(tenant.api, id)).toMatchObject({ status: 'succeeded', imageName: 'myImage' });

    const picture = join(folder, 'swagger-ui.png');
    await operation.scrollIntoViewIfNeeded();
    await page.screenshot({ path: picture });
    expect((await stat(picture)).size).toBeGreaterThan(20_000);
    expect(broken).toEqual([]);
    expect(foreign).toEqual([]);
  }, 120_000);
});

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { ACTIONS } from '../actions/actions.js';
import { ApiError } from '../api-error.js';
import type { Cloud } from '../cloud.js';
import { strikesBefore, type AnswerFault } from '../faults/fault.js';
import type { Strike } from '../faults/fault-book.js';
import { inflict } from '../faults/fault.effects.js';
import type { CallEntry } from '../records/call-log.js';
import { errorPayload, sendBody, successPayload, type Payload } from './answer.js';
import { admit, countArrival, type AdmittedCall } from './gateway.js';
import { readIncomingCall, type IncomingCall } from './incoming-call.js';
import { readBody } from './request-body.js';

/** Serves the cloud API. An admitted call is carried out even when its client has long gone, as in the real cloud. */
export class CloudApi {
  constructor(
    private readonly cloud: Cloud,
    /** Waits, unless the simulator is closed meanwhile: then it throws. */
    private readonly pause: (ms: number) => Promise<void>,
  ) {}

  /** Everything up to the first `await` runs as the headers arrive; what follows must not touch the count. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedAtMs = this.cloud.clock.monotonicMs();
    const call = readIncomingCall(request);
    const arrival = countArrival(this.cloud, call, arrivedAtMs);
    const entry = this.cloud.calls.append(this.newEntry(call, arrivedAtMs));

    let admitted: AdmittedCall;
    try {
      const body = await readBody(request);
      recordParameters(entry, body);
      admitted = admit(this.cloud, call, body, arrival);
    } catch (error) {
      entry.code = codeOf(error);
      entry.rateLimited = entry.code === 'RequestLimitExceeded';
      return this.send(response, errorPayload(entry.requestId, error as ApiError));
    }
    await this.carryOut(admitted, entry, response);
  }

  private async carryOut(admitted: AdmittedCall, entry: CallEntry, response: ServerResponse): Promise<void> {
    const strike = this.strikeOf(admitted, entry);
    entry.fault = strike.kinds.join('+') || null;
    await this.pauseFor(strike);

    const { answer } = strike;
    if (answer && strikesBefore(answer))
      return this.inflict(answer, entry, response, successPayload(entry.requestId, {}));

    const payload = this.run(admitted, entry, strike);
    return answer ? this.inflict(answer, entry, response, payload) : this.send(response, payload);
  }

  private run({ action, caller, region, parameters }: AdmittedCall, entry: CallEntry, strike: Strike): Payload {
    const { requestId } = entry;
    const createFailed = strike.image.some((fault) => fault.kind === 'create-failed');
    const invisibleMs = strike.image.find((fault) => fault.kind === 'invisible')?.ms ?? null;
    const call = {
      cloud: this.cloud,
      caller,
      region,
      requestId,
      parameters,
      imageFault: { createFailed, invisibleMs },
    };
    try {
      const fields = ACTIONS[action](call);
      entry.imageId = typeof fields['ImageId'] === 'string' ? fields['ImageId'] : null;
      return successPayload(requestId, fields);
    } catch (error) {
      entry.code = codeOf(error);
      return errorPayload(requestId, error as ApiError);
    } finally {
      entry.processed = true;
    }
  }

  private inflict(fault: AnswerFault, entry: CallEntry, response: ServerResponse, payload: Payload): Promise<void> {
    const isError = fault.kind === 'error' || fault.kind === 'error-after';
    if (isError) entry.code = fault.code;
    const { chunked } = this.cloud.behaviour;
    return inflict(fault, response, isError ? errorPayload(entry.requestId, fault) : payload, {
      chunked,
      pause: this.pause,
    });
  }

  private send(response: ServerResponse, payload: Payload): void {
    sendBody(response, JSON.stringify(payload), { chunked: this.cloud.behaviour.chunked });
  }

  private strikeOf({ action, caller, parameters }: AdmittedCall, entry: CallEntry): Strike {
    const instanceId = typeof parameters['InstanceId'] === 'string' ? parameters['InstanceId'] : null;
    const { host, imageName } = entry;
    return this.cloud.faults.strike({
      action,
      imageName,
      instanceId,
      host,
      secretId: caller.secretId,
      uin: caller.uin,
    });
  }

  private async pauseFor({ delay }: Strike): Promise<void> {
    const { latencyMs } = this.cloud.behaviour;
    const latency = latencyMs.max > 0 ? this.cloud.random.between(latencyMs.min, latencyMs.max) : 0;
    const delayMs = delay ? this.cloud.random.between(delay.minMs, delay.maxMs) : 0;
    if (latency + delayMs > 0) await this.pause(latency + delayMs);
  }

  private newEntry(call: IncomingCall, arrivedAtMs: number): Omit<CallEntry, 'n'> {
    const secretId = call.authorization?.secretId ?? null;
    const caller = this.cloud.accounts.find(secretId ?? '')?.caller;
    const { host, action, version, region, traceId } = call;
    return {
      at: new Date().toISOString(),
      arrivedAtMs,
      host,
      action,
      version,
      region,
      uin: caller?.uin ?? null,
      userId: caller?.userId ?? null,
      secretId,
      traceId,
      imageName: null,
      parameters: null,
      rateLimited: false,
      processed: false,
      code: null,
      requestId: randomUUID(),
      imageId: null,
      fault: null,
    };
  }
}

function recordParameters(entry: CallEntry, body: Buffer): void {
  try {
    entry.parameters = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  } catch {
    return;
  }
  const { parameters } = entry;
  const imageName =
    typeof parameters === 'object' && parameters && 'ImageName' in parameters ? parameters.ImageName : null;
  entry.imageName = typeof imageName === 'string' ? imageName : null;
}

/** Only refusals of the API become answers; anything else is a bug of the simulator, or a client that went away. */
function codeOf(error: unknown): string {
  if (error instanceof ApiError) return error.code;
  throw error;
}

import type { ServerResponse } from 'node:http';

import { sendBody, type AnswerStyle, type Payload } from '../edge/answer.js';
import type { AnswerFault } from './fault.js';

const BAD_GATEWAY_HTML =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n';

/**
 * Lets the fault happen on the wire. `payload` is what an undisturbed call would have brought back; the caller has
 * decided already whether the call was carried out. Does nothing when the client has gone.
 */
export async function inflict(
  fault: AnswerFault,
  response: ServerResponse,
  payload: Payload,
  style: AnswerStyle & { pause: (ms: number) => Promise<void> },
): Promise<void> {
  if (response.destroyed) return;
  switch (fault.kind) {
    case 'error':
    case 'error-after':
      return sendBody(response, JSON.stringify(payload), style);
    case 'reset-before':
    case 'reset-after':
      return reset(response);
    case 'hang-before':
    case 'hang-after':
      if (fault.ms === null) return;
      await style.pause(fault.ms);
      return reset(response);
    case 'bad-gateway':
      return sendBody(response, BAD_GATEWAY_HTML, { ...style, status: 502, contentType: 'text/html' });
    case 'redirect':
      response.writeHead(fault.status, { location: fault.location, 'content-length': 0 });
      response.end();
      return;
    case 'truncated':
      return sendHalf(response, JSON.stringify(payload));
    case 'garbage':
      return sendBody(response, 'upstream connect error or disconnect before headers', style);
    case 'empty':
      return sendBody(response, '', style);
    case 'no-response-key':
      return sendBody(response, JSON.stringify({ RequestId: payload.Response.RequestId }), style);
    default:
      assertNever(fault);
  }
}

/** A TCP reset, so that the client sees ECONNRESET and not an orderly end. */
function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

function sendHalf(response: ServerResponse, body: string): void {
  const bytes = Buffer.from(body);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroy());
}

function assertNever(fault: never): never {
  throw new Error(`No effect for the fault ${JSON.stringify(fault)}`);
}

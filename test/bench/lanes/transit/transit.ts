import { connect, type Socket } from 'node:net';
import { OneWay } from './one-way.js';

export interface Road {
  /** Where the judge listens on loopback. */
  readonly port: number;
  /** Each message takes 0 to this long, uniformly, either way. */
  readonly jitterMs: number;
}

const CREATE_IMAGE = /^x-tc-action: *createimage\r$/im;

/**
 * The network between a client and the judge, at the level of bytes: every connection has one of its own on the far
 * side, so what is warm stays warm, and a new one costs a round trip more. It knows nothing of limits.
 */
export class Transit {
  private road: Road = { port: 0, jitterMs: 0 };
  private callTimesMs: number[] = [];

  lead(road: Road): void {
    this.road = road;
    this.callTimesMs = [];
  }

  /** How long the calls of CreateImage took since the road was laid, from leaving the client to the answer's arrival. */
  callTimes(): { readonly count: number; readonly meanMs: number } {
    const sum = this.callTimesMs.reduce((total, time) => total + time, 0);
    return { count: this.callTimesMs.length, meanMs: sum / Math.max(1, this.callTimesMs.length) };
  }

  carry(client: Socket): void {
    const delayMs = (): number => Math.random() * this.road.jitterMs;
    const judge = connect({ port: this.road.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const there = new OneWay(judge);
    const back = new OneWay(client);
    const handshakeMs = delayMs() + delayMs();
    let asking = false;
    let isFirst = true;
    let askedAt = 0;
    let isCreateImage = false;
    let thereMs = 0;
    let backMs = 0;

    client.setNoDelay(true);
    client.on('data', (chunk: Buffer) => {
      if (!asking) {
        asking = true;
        askedAt = performance.now();
        isCreateImage = CREATE_IMAGE.test(chunk.toString('latin1'));
        thereMs = delayMs() + (isFirst ? handshakeMs : 0);
        isFirst = false;
      }
      there.send(chunk, thereMs);
    });
    judge.on('data', (chunk: Buffer) => {
      const isAnswerToCall = asking && isCreateImage;
      if (asking) backMs = delayMs();
      asking = false;
      back.send(chunk, backMs, () => {
        if (isAnswerToCall) this.callTimesMs.push(performance.now() - askedAt);
      });
    });
    join(client, there);
    join(judge, back);
  }
}

/** However one side goes, the other hears of it only after all that was sent before. */
function join(from: Socket, onward: OneWay): void {
  from.on('error', () => undefined);
  from.on('end', () => onward.end());
  from.on('close', () => onward.end());
}

import type { StartedProcess } from '#libs/testing';
import type { WholeService } from '../../support/whole-service.js';

interface Gateway {
  readonly process: StartedProcess;
  readonly url: string;
  inFlight: number;
  onIdle: () => void;
}

/** The processes behind a balancer, as a deployment rolls them: the new one is there before the old one goes. */
export class Fleet {
  private readonly gateways: Gateway[];
  private workers: readonly StartedProcess[];
  private turn = 0;

  constructor(private readonly service: WholeService) {
    this.gateways = service.gateways.map(gatewayOf);
    this.workers = [...service.workers];
  }

  /** Makes one call of a gateway that takes calls, the next one in turn. */
  async call<Result>(work: (url: string) => Promise<Result>): Promise<Result> {
    const gateway = this.gateways[this.turn++ % this.gateways.length];
    if (gateway === undefined) throw new Error('there is no gateway');
    gateway.inFlight += 1;
    try {
      return await work(gateway.url);
    } finally {
      gateway.inFlight -= 1;
      if (gateway.inFlight === 0) gateway.onIdle();
    }
  }

  /** Gives every process this key ring, one after the other, and calls go on meanwhile. */
  async roll(masterKeys: string): Promise<void> {
    const settings = { MASTER_KEYS: masterKeys };
    for (const [place, old] of this.gateways.entries()) {
      this.gateways[place] = gatewayOf(await this.service.startGateway(undefined, settings));
      await isIdle(old);
      await stopInGoodOrder(old.process);
    }
    const fresh: StartedProcess[] = [];
    for (const old of this.workers) {
      fresh.push(await this.service.startWorker(settings));
      await stopInGoodOrder(old);
    }
    this.workers = fresh;
  }
}

function gatewayOf(process: StartedProcess): Gateway {
  return { process, url: process.url ?? '', inFlight: 0, onIdle: () => undefined };
}

/** No call is sent to it any more: once those under way have ended, it can go. */
async function isIdle(gateway: Gateway): Promise<void> {
  if (gateway.inFlight > 0) await new Promise<void>((resolve) => (gateway.onIdle = resolve));
}

async function stopInGoodOrder(process: StartedProcess): Promise<void> {
  const code = await process.stop();
  if (code !== 0) throw new Error(`a process ended with ${code}; it wrote:\n${process.logs()}`);
}

import { ArrivalLimiter } from './edge/arrival-limiter.js';
import { defaultBehaviour, type Behaviour } from './behaviour.js';
import { CloudClock } from './clock.js';
import { FaultBook } from './faults/fault-book.js';
import { SeededRandom } from './random.js';
import { CallLog } from './records/call-log.js';
import { changeInventory, type AccountOrder } from './state/account-order.js';
import { Accounts, type SecretKey } from './state/accounts.js';
import { Images } from './state/images.js';
import { Inventory } from './state/inventory.js';
import { Roles } from './state/roles.js';

export interface CloudOptions {
  seed: number;
  imageDurationMs: number;
  /** There from the start, and again after each reset. */
  accounts: AccountOrder[];
}

/** Everything that the simulated cloud knows. */
export class Cloud {
  readonly clock = new CloudClock();
  accounts!: Accounts;
  roles!: Roles;
  images!: Images;
  limiter!: ArrivalLimiter;
  faults!: FaultBook;
  calls!: CallLog;
  /** For latencies; ids and faults draw from streams of their own. */
  random!: SeededRandom;
  behaviour!: Behaviour;
  private inventories!: Map<string, Inventory>;

  constructor(readonly options: CloudOptions) {
    this.reset();
  }

  /** As it was at the start: no images, calls or faults, and only the accounts of the options. */
  reset(): void {
    const { seed, imageDurationMs, accounts } = this.options;
    this.accounts = new Accounts();
    this.roles = new Roles();
    this.inventories = new Map();
    this.images = new Images(this.clock, new SeededRandom(seed));
    this.limiter = new ArrivalLimiter();
    this.faults = new FaultBook(seed);
    this.calls = new CallLog();
    this.random = new SeededRandom(seed + 1);
    this.changeBehaviour(defaultBehaviour(imageDurationMs));
    accounts.forEach((order) => this.register(order));
  }

  register(order: AccountOrder): SecretKey {
    changeInventory(this.inventoryOf(order.uin), order);
    return this.accounts.register(order);
  }

  /** Sub-accounts of one root share what it owns. */
  inventoryOf(uin: string): Inventory {
    const known = this.inventories.get(uin);
    if (known) return known;
    const inventory = new Inventory();
    this.inventories.set(uin, inventory);
    return inventory;
  }

  changeBehaviour(change: Partial<Behaviour>): void {
    this.behaviour = { ...this.behaviour, ...change };
    this.clock.skewMs = this.behaviour.clockSkewMs;
  }
}

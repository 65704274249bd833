import * as accounts from './accounts.routes.js';
import type { ControlRoute } from './control-call.js';
import { ControlError } from './control-error.js';
import * as faults from './faults.routes.js';
import * as images from './images.routes.js';
import * as records from './records.routes.js';
import * as settings from './settings.routes.js';

/** By path below `/_control/`, then by method; `*` stands for an id. */
const ROUTES: Record<string, Record<string, ControlRoute>> = {
  health: { GET: settings.health },
  reset: { POST: settings.reset },
  settings: { GET: settings.show, PATCH: settings.change },
  'sub-accounts': { GET: accounts.list, POST: accounts.register },
  'sub-accounts/*': { PATCH: accounts.change },
  roles: { GET: accounts.listRoles, POST: accounts.registerRole },
  sessions: { GET: accounts.listSessions, DELETE: accounts.endSessions },
  faults: { GET: faults.list, POST: faults.add, DELETE: faults.clear },
  calls: { GET: records.calls, DELETE: records.clearCalls },
  stats: { GET: records.stats },
  images: { GET: images.list, DELETE: images.clear },
  'images/*': { PATCH: images.force },
};

export function controlRoute(method: string, path: string): { route: ControlRoute; id: string } {
  const [collection = '', id, ...rest] = path.split('/');
  const methods = rest.length === 0 ? ROUTES[id === undefined ? collection : `${collection}/*`] : undefined;
  if (!methods) throw new ControlError(404, `no such control path; there are ${Object.keys(ROUTES).join(', ')}`);
  const route = methods[method];
  if (!route) throw new ControlError(405, `${method} is not possible here; try ${Object.keys(methods).join(', ')}`);
  return { route, id: decodeURIComponent(id ?? '') };
}

export { assembleRoleAssumption } from './assemble-role-assumption.js';
export type { Assumption } from './assumption.js';
export { RoleAssumption } from './role-assumption.js';
export type { AccountRole } from './role-sessions.js';
export { RoleSessions } from './role-sessions.js';

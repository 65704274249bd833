export { systemActor } from './audit-entry.js';
export type { Actor, AuditAction, AuditEntry, NewAuditEntry, UpstreamCall } from './audit-entry.js';
export { AuditStore } from './audit.store.js';
export type { AuditFilter, AuditLog } from './audit.store.js';

/** What people and tokens may do; each role includes those before it. docs/access.md says what each is for. */
export const roles = ['read', 'run', 'approve', 'own', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Whether who has a role may do what needs another one. */
export function includes(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

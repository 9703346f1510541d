/** What people and tokens may do; each role includes those before it. */
export const roles = ['read', 'run', 'approve', 'own', 'admin'] as const;
export type Role = (typeof roles)[number];

/** What each role adds to those before it. */
export const roleMeanings: { readonly [R in Role]: string } = {
  read: 'see builds, logs and settings',
  run: 'trigger, retry and cancel builds',
  approve: 'approve and decline deployments and pull requests',
  own: 'change settings, secrets, variables, credentials, environments and notices of the repository',
  admin: 'do everything, in all repositories',
};

/** Whether who has a role may do what needs another one. */
export function includes(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

export function smallerRole(a: Role, b: Role): Role {
  return includes(a, b) ? b : a;
}

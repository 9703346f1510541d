import * as z from 'zod';

const level = z.enum(['read', 'write']);
export type PermissionLevel = z.infer<typeof level>;

/**
 * What a workflow lets the token of a job do at the forge, by scope, such as `contents`. As on GitHub, a scope that is not named is
 * not granted.
 */
export const permissions = z.record(z.string(), level);
export type Permissions = z.infer<typeof permissions>;

/** The scope that lets a job ask Volt for tokens about itself; it is no right at the forge. */
export const idTokenScope = 'id-token';

/** Whether a job may ask Volt for tokens about itself. */
export function grantsIdTokens(given: Permissions | undefined): boolean {
  return given?.[idTokenScope] === 'write';
}

/** Whether a job may have a token of the forge. */
export function grantsToken(given: Permissions | undefined): boolean {
  return given === undefined || Object.keys(given).some((scope) => scope !== idTokenScope);
}

/**
 * The permissions of a job of a called workflow, which has no more than the call. Of a call without any, all but `id-token` counts
 * here: what jobs usually may depends on their token, see `withinUsual` in the plan.
 * @param most those of the call; undefined where neither the calling job nor its workflow names any
 * @param own likewise, of the called job
 */
export function narrowed(most: Permissions | undefined, own: Permissions | undefined): Permissions | undefined {
  if (own === undefined) return most;
  return Object.fromEntries(
    Object.entries(own).flatMap(([scope, wanted]): [string, PermissionLevel][] => {
      const given = most ? most[scope] : scope === idTokenScope ? undefined : wanted;
      return given === undefined ? [] : [[scope, given === 'read' ? 'read' : wanted]];
    }),
  );
}

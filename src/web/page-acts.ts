import type { MiddlewareHandler } from 'hono';
import { actionWords } from '../kernel/audit-words.ts';
import type { Role } from '../kernel/roles.ts';
import type { WebEnv } from './access/env.ts';
import { requireRoleAt } from './access/rights.ts';
import { actionOf } from './api/route.ts';
import { routes } from './api/routes.ts';
import type { Web } from './services.ts';

/** Acts that no route of the API does: they need a browser. */
const onlyOnPages: { readonly [action: string]: Role | null } = { 'forges.make-app': 'admin', 'device.confirm': null };

/**
 * What stands before each form of a page: it needs the same role as the route of the API that does the same, and has the same name in
 * the audit log.
 * @param path the pattern of the form's address, in hono's form
 * @param action name of the API's route, see `actionOf`
 */
export function pageAct(web: Web, path: string, action: string): MiddlewareHandler<WebEnv> {
  const route = routes.find((one) => actionOf(one) === action);
  const role = action in onlyOnPages ? onlyOnPages[action] : route?.role;
  if (role === undefined) throw new Error(`no route of the API is named ${action}`);
  return async (context, next) => {
    if (!route?.changesNothing) context.set('action', action);
    context.set('target', Object.values(context.req.param()).join(' '));
    await requireRoleAt(context, web, { path, role, what: `"${actionWords(action)}"` });
    await next();
  };
}

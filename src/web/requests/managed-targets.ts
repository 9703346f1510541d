import type * as z from 'zod';
import { VoltError } from '../../kernel/errors.ts';
import type { NoticeTarget } from '../../kernel/model/notice-shapes.ts';
import { holds, type Right } from '../../kernel/rights.ts';
import { includes } from '../../kernel/roles.ts';
import { findNoticeTarget, listNoticeTargets } from '../../record/notice-targets.ts';
import { noTarget } from '../../record/shown-target.ts';
import { maintains } from '../../record/target-maintainers.ts';
import { administrator, type Reader } from '../../record/visibility.ts';
import type { Requester } from '../access/requester.ts';
import type { targetChange, targetRequest } from '../schemas/notices.ts';
import type { Web } from '../services.ts';
import { addTarget, changeTarget, type TargetStanding } from './notice-targets.ts';
import { testTarget } from './test-notice.ts';

/**
 * Administrators manage all targets of notices; others manage those that hear of nothing but repositories that they own, at public
 * addresses. Other targets are answered as if they did not exist.
 */

export async function managedTargets(
  { database }: Pick<Web, 'database'>,
  requester: Requester,
): Promise<NoticeTarget[]> {
  const targets = await listNoticeTargets(database);
  return targets.filter((target) => mayManage(requester, target)).map((target) => shownTo(requester, target));
}

/** @throws VoltError `not_found` */
export async function managedTarget(
  { database }: Pick<Web, 'database'>,
  requester: Requester,
  name: string,
): Promise<NoticeTarget> {
  const target = await findNoticeTarget(database, name);
  if (mayManage(requester, target)) return shownTo(requester, target);
  throw noTarget(name);
}

/** @throws VoltError as `addTarget`, and `role_needed` for a repository that the requester does not own */
export function addManagedTarget(
  web: Pick<Web, 'database' | 'config'>,
  requester: Requester,
  request: z.output<typeof targetRequest>,
): ReturnType<typeof addTarget> {
  requireMayHear(requester, { repos: request.repos ?? [], on: request.on ?? 'change' });
  requireMayName(requester, request.options?.domains);
  return addTarget(web, { by: requester.caller?.name ?? '', ...standingOf(requester) }, request);
}

/** @throws VoltError as `changeTarget`, and `role_needed` for a repository that the requester does not own */
export async function changeManagedTarget(
  web: Pick<Web, 'database' | 'config'>,
  requester: Requester,
  name: string,
  change: z.output<typeof targetChange>,
): Promise<NoticeTarget> {
  const before = await managedTarget(web, requester, name);
  requireMayHear(requester, { repos: change.repos ?? before.repos, on: change.on ?? before.on });
  requireMayName(requester, change.options?.domains);
  return shownTo(requester, await changeTarget(web, name, change, standingOf(requester)));
}

/** @returns ids of the notices @throws VoltError as `testTarget` */
export async function testManagedTarget(
  web: Pick<Web, 'database' | 'queues'>,
  requester: Requester,
  name: string,
): Promise<number[]> {
  await managedTarget(web, requester, name);
  return testTarget(web, name, standingOf(requester).maintainer);
}

/** The repositories about which a requester reads notices: a target may have heard of others before. */
export function readsNoticesAbout(requester: Requester): Reader {
  if (isAdmin(requester)) return administrator;
  return { all: false, public: false, internal: false, granted: ownedBy(requester).flatMap(({ repos }) => repos) };
}

/** Without what recipients have muted of repositories of which the target heard before, and the requester does not own. */
function shownTo(requester: Requester, target: NoticeTarget): NoticeTarget {
  if (isAdmin(requester)) return target;
  const owned = ownedBy(requester);
  return { ...target, mutes: target.mutes.filter(({ repo }) => repo === null || holds(owned, 'own', repo)) };
}

/** Rights to own private repositories, too. */
function ownedBy({ caller }: Requester): Right[] {
  return (caller?.rights ?? []).filter((right) => right.private && includes(right.role, 'own'));
}

function requireMayHear(requester: Requester, target: Heard): void {
  if (mayManage(requester, target)) return;
  const name = requester.caller?.name ?? 'nobody';
  throw new VoltError('role_needed', `${name} does not own all that the target would hear of`, {
    remedy:
      'Name repositories that you own, with --repo. Somebody with the role "admin" adds targets for others, and for the audit log.',
    field: 'repos',
  });
}

/** Authors are forged: whoever pushes could have Volt send mail to anybody in these domains. */
function requireMayName(requester: Requester, domains: readonly string[] = []): void {
  if (domains.length === 0 || isAdmin(requester)) return;
  throw new VoltError('role_needed', 'the domains that authors of commits may be in need the role "admin"', {
    remedy: 'Leave out --domain: mail goes to authors who are people known to Volt and may read the repository.',
    field: 'domains',
  });
}

/** What a target hears of. */
type Heard = Pick<NoticeTarget, 'repos' | 'on'>;

function mayManage(requester: Requester, target: Heard): boolean {
  return isAdmin(requester) || maintains(requester.caller?.rights ?? [], target);
}

/** What the targets may be that somebody sets, and whose role counts for them. */
function standingOf(requester: Requester): TargetStanding {
  const { person = null, token = null } = requester.caller ?? {};
  if (isAdmin(requester)) return { mayBePrivate: true, maintainer: null };
  return { mayBePrivate: false, maintainer: person ? { person: person.id } : token && { token: token.id } };
}

function isAdmin({ caller }: Requester): boolean {
  return holds(caller?.rights ?? [], 'admin');
}

import { randomBytes } from 'node:crypto';
import type * as z from 'zod';
import { refMatcher } from '../../git/remote/ref-names.ts';
import { VoltError } from '../../kernel/errors.ts';
import { isMailAddress } from '../../kernel/mail-address.ts';
import type { NoticeOptions, NoticeTarget } from '../../kernel/model/notice-shapes.ts';
import { checkRepositoryGlobs } from '../../kernel/names.ts';
import { committers, type NoticeKind } from '../../kernel/notices.ts';
import {
  addNoticeTarget,
  changeNoticeTarget,
  type NoticeAddress,
  type OpenNoticeTarget,
  openNoticeTarget,
} from '../../record/notice-targets.ts';
import type { MaintainerId } from '../../record/target-maintainers.ts';
import type { targetChange, targetRequest } from '../schemas/notices.ts';
import type { Web } from '../services.ts';

/** Bytes of a secret that Volt makes: Standard Webhooks asks for 24 to 64. */
const secretBytes = 32;
/** The most recipients of one target. */
const mostRecipients = 50;

/** Kinds whose URL is a secret: whoever knows it may post there. */
export const secretUrls: readonly NoticeKind[] = ['slack', 'mattermost', 'discord', 'teams', 'webhook'];

/** What somebody may have a target do. */
export interface TargetStanding {
  /** whether a new address may be one that is not public */
  mayBePrivate: boolean;
  /** whose role counts for the target */
  maintainer: MaintainerId;
}

/**
 * Adds a target of notices.
 * @param by name of who adds it
 * @returns the target, and the secret of a webhook that Volt has made
 * @throws VoltError `bad_url`, `bad_request`, `bad_name`, `bad_ref`, `name_taken`, errors of the key file
 */
export async function addTarget(
  { database, config }: Pick<Web, 'database' | 'config'>,
  { by, ...standing }: TargetStanding & { by: string },
  { name, kind, to, secret, repos = [], branches = [], on = 'change', options = {} }: z.output<typeof targetRequest>,
): Promise<NoticeTarget & { secret: string | null }> {
  checkFilter(kind, { repos, branches, options });
  checkChoice({ on, branches, options });
  const checked = checkedAddress(kind, { to, secret });
  const made = await addNoticeTarget(database, config, {
    ...{ name, kind, ...checked, repos, branches, on, options },
    ...{ createdBy: by, ...standing },
  });
  const isNew = kind === 'webhook' && secret === undefined;
  return { ...made, secret: isNew ? (checked.address.secret ?? null) : null };
}

/**
 * Changes a target of notices. What is not given stays.
 * @throws VoltError `not_found`, `bad_url`, `bad_request`, `bad_name`, `bad_ref`, errors of the key file
 */
export async function changeTarget(
  { database, config }: Pick<Web, 'database' | 'config'>,
  name: string,
  { to, secret, ...filter }: z.output<typeof targetChange>,
  { mayBePrivate, maintainer: by }: TargetStanding,
): Promise<NoticeTarget> {
  const before = await openNoticeTarget(database, config, name);
  checkFilter(before.kind, filter);
  checkChoice({
    ...{ on: filter.on ?? before.on, branches: filter.branches ?? before.branches },
    options: { ...before.options, ...filter.options },
  });
  const address = changedAddress(before, { to, secret });
  return changeNoticeTarget(database, config, name, { ...filter, by, ...(address && { ...address, mayBePrivate }) });
}

/** An address that was checked, and how people may see it. */
interface CheckedAddress {
  address: NoticeAddress;
  shown: string;
}

/**
 * Checks the address of a target. Makes the secret of a webhook where none is given.
 * @throws VoltError `bad_url`, `bad_request`
 */
function checkedAddress(kind: NoticeKind, { to, secret }: NoticeAddress): CheckedAddress {
  if (kind === 'mail') return checkedMail(to, secret);
  const url = URL.canParse(to) ? new URL(to) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') {
    throw new VoltError('bad_url', `a target of kind ${kind} has an address such as ${examples[kind]}`, {
      remedy: 'Give that address with --to, without a user name or a password; a token goes into --secret-file.',
    });
  }
  if (kind === 'matrix' && (secret === undefined || !isRoom(url.pathname))) {
    throw new VoltError('bad_request', 'a target of kind matrix needs a room and an access token', {
      remedy: `Give the room as ${examples.matrix}, and the token with --secret-file.`,
      field: 'to',
    });
  }
  if (kind === 'webhook') checkWebhookSecret(secret);
  const made = kind === 'webhook' ? `whsec_${randomBytes(secretBytes).toString('base64')}` : undefined;
  const shown = secretUrls.includes(kind) ? `${url.origin}/…` : url.href;
  return { address: { to: url.href, secret: secret ?? made }, shown };
}

/** Whether a path is that of one room: some paths cannot be decoded. */
function isRoom(path: string): boolean {
  try {
    return /^[^/]+$/.test(decodeURIComponent(path.slice(1)));
  } catch {
    return false;
  }
}

/**
 * The address of a target after a change; undefined if it stays. The secret of a webhook and that of mail stay with a new address, since
 * they are only signed with; a token must be given again, since it is sent to the address.
 * @throws VoltError `bad_url`, `bad_request`
 */
function changedAddress(
  { kind, address }: { kind: NoticeKind; address: NoticeAddress },
  { to, secret }: { to?: string | undefined; secret?: string | undefined },
): CheckedAddress | undefined {
  if (to !== undefined) {
    const kept = kind === 'webhook' || kind === 'mail' ? address.secret : undefined;
    return checkedAddress(kind, { to, secret: secret ?? kept });
  }
  return secret === undefined ? undefined : checkedAddress(kind, { to: address.to, secret });
}

/** @param secret signs the links that stop mail, so that only those who get a mail can do so; Volt makes it */
function checkedMail(to: string, secret = randomBytes(secretBytes).toString('base64')): CheckedAddress {
  const entries = [...new Set(to.split(',').map((entry) => entry.trim()))].filter((entry) => entry !== '');
  const wrong = entries.find((entry) => entry !== committers && !isMailAddress(entry));
  if (wrong !== undefined || entries.length === 0 || entries.length > mostRecipients) {
    throw new VoltError('bad_request', `"${(wrong ?? to).slice(0, 100)}" is no list of mail addresses`, {
      remedy: `Give up to ${mostRecipients} addresses with commas between them, or "${committers}" for whoever broke a branch.`,
      field: 'to',
    });
  }
  return { address: { to: entries.join(','), secret }, shown: entries.join(', ') };
}

function checkWebhookSecret(secret: string | undefined): void {
  if (secret === undefined || /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret)) return;
  throw new VoltError('bad_request', 'the secret of a webhook is whsec_ and at least 24 bytes in base64', {
    remedy: 'Leave it out, and Volt makes one; or give that of your receiver.',
    field: 'secret',
  });
}

/** @throws VoltError `bad_name`, `bad_ref`, `bad_request` */
function checkFilter(
  kind: NoticeKind,
  {
    repos,
    branches,
    options,
  }: {
    repos?: readonly string[] | undefined;
    branches?: readonly string[] | undefined;
    options?: Pick<NoticeOptions, 'owners' | 'domains'> | undefined;
  },
): void {
  checkRepositoryGlobs(repos ?? []);
  refMatcher(branches ?? []);
  const { owners = [], domains = [] } = options ?? {};
  if (kind !== 'mail' && owners.length + domains.length > 0) {
    throw new VoltError('bad_request', 'only targets of kind mail have owners and domains', {
      remedy: 'Leave out --owner and --domain.',
    });
  }
  const wrong = owners.find((address) => !isMailAddress(address));
  if (wrong === undefined) return;
  throw new VoltError('bad_request', `"${wrong.slice(0, 100)}" is no mail address`, {
    remedy: 'Give the plain address of each owner, such as ada@example.org.',
    field: 'owners',
  });
}

/** @throws VoltError `bad_request` for what says nothing about the audit log */
function checkChoice({
  on,
  branches,
  options: { digest = null },
}: Pick<OpenNoticeTarget, 'on' | 'branches'> & { options: { digest?: string | null | undefined } }): void {
  if (on !== 'audit' || (branches.length === 0 && digest === null)) return;
  throw new VoltError('bad_request', 'a target that hears of the audit log has no branches and no digest', {
    remedy: 'Leave out --branch and --digest; `volt notify set NAME --no-branch --no-digest` takes them away.',
  });
}

const examples: { readonly [Kind in NoticeKind]: string } = {
  mail: 'ada@example.org',
  slack: 'https://hooks.slack.com/services/…',
  mattermost: 'https://chat.example.org/hooks/…',
  discord: 'https://discord.com/api/webhooks/…',
  teams: 'https://….logic.azure.com/…',
  matrix: 'https://matrix.example.org/!room:example.org',
  ntfy: 'https://ntfy.sh/topic',
  webhook: 'https://example.org/volt',
};

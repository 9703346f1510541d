import type * as z from 'zod';
import { VoltError } from '../../../kernel/errors.ts';
import { noticeOptions } from '../../../kernel/model/notice-shapes.ts';
import { openNoticeTargets, removeNoticeTarget } from '../../../record/notice-targets.ts';
import { addTarget, changeTarget, secretUrls, type TargetStanding } from '../../requests/notice-targets.ts';
import { noticeEntry } from '../../schemas/config.ts';
import { auditedAs, type Kind, plainKind } from '../kind.ts';
import { givenSecrets } from '../secrets.ts';

type Value = Omit<z.output<typeof noticeEntry>, 'to' | 'secret'> & { to?: string };

/** Only administrators apply settings. */
const administrators: TargetStanding = { mayBePrivate: true, maintainer: null };

/** The targets of notices. */
export const notices: Kind = {
  ...plainKind,
  at: ['notices', '*'],
  schema: noticeEntry,
  usual: { repos: [], branches: [], on: 'change', options: {} },
  secrets: ['to', 'secret'],
  read: async ({ database, config }) =>
    (await openNoticeTargets(database, config)).map(({ name, kind, repos, branches, on, options, address }) => ({
      names: [name],
      value: { kind, repos, branches, on, options },
      // Volt makes the secret of a target of mail, and nobody else has it
      secrets: givenSecrets(kind === 'mail' ? { to: address.to } : { ...address }),
    })),
  normal: (entry) => {
    const { kind, to, ...value } = entry.value as Value;
    const { to: told = to, ...secrets } = entry.secrets;
    if (secretUrls.includes(kind) || told === undefined) return entry;
    const shown = kind === 'mail' ? [...new Set(told.split(',').map((each) => each.trim()))].join(', ') : told;
    return { ...entry, value: { kind, to: shown, ...value }, secrets };
  },
  wrong: ({ value, secrets }) => {
    const { kind, to } = value as Value;
    const isOpen = to !== undefined && secrets.to === undefined && secretUrls.includes(kind);
    const message = `the address of a target of kind ${kind} is a secret: say where it is, as { env: NAME } or { file: PATH }`;
    return isOpen ? [{ field: ['to'], message }] : [];
  },
  set: async (change, { names: [name = ''], value, secrets }, before) => {
    const { to = secrets.to ?? '', kind, options = {}, ...filter } = value as Value;
    if (!before) {
      const made = await addTarget(
        change,
        { by: change.by, ...administrators },
        { name, kind, to, ...secretIn(secrets), ...filter, options },
      );
      if (made.secret !== null) change.made.set(name, made.secret);
      return;
    }
    const old = before.value as Value;
    if (old.kind !== kind) throw otherKind(name, old.kind);
    const { to: address, secret } = givenSecrets(
      { ...secrets, to },
      { ...before.secrets, to: old.to ?? before.secrets.to ?? '' },
    );
    // an empty one is that which Volt has
    const isMoved = address !== undefined && address !== '';
    const absent = Object.fromEntries(Object.keys(noticeOptions.shape).map((option) => [option, undefined]));
    const changed = {
      ...(isMoved ? { to: address, ...secretIn(secrets) } : secretIn({ ...(secret !== undefined && { secret }) })),
      ...{ repos: [], branches: [], on: 'change' as const, ...filter, options: { ...absent, ...options } },
    };
    await changeTarget(change, name, changed, administrators);
  },
  remove: ({ database }, { names: [name = ''] }) => removeNoticeTarget(database, name),
  audited: auditedAs({ add: 'notice-targets.add', change: 'notice-targets.change', remove: 'notice-targets.remove' }),
};

function secretIn({ secret }: { readonly [field: string]: string }) {
  return secret === undefined ? {} : { secret };
}

function otherKind(name: string, kind: string): VoltError {
  return new VoltError('bad_request', `${name} is of kind ${kind} in Volt, and keeps it`, {
    remedy: 'Give the one of the other kind another name, or remove the old one first.',
  });
}

import type * as z from 'zod';
import { VoltError } from '../../../kernel/errors.ts';
import { apiAddress } from '../../../kernel/forge-kinds.ts';
import { addForge, changeForge, openForges, removeForge } from '../../../record/forges.ts';
import { forgeEntry } from '../../schemas/config.ts';
import { auditedAs, type Entry, type Kind, plainKind } from '../kind.ts';
import { givenSecrets } from '../secrets.ts';

type Value = Omit<z.output<typeof forgeEntry>, 'token' | 'jobToken' | 'app'> & { app?: { id: number } | undefined };

/** The forges that get statuses. */
export const forges: Kind = {
  ...plainKind,
  at: ['forges', '*'],
  schema: forgeEntry,
  usual: { repos: [], report: 'build' },
  secrets: ['token', 'app.key', 'app.webhookSecret', 'jobToken'],
  read: async ({ database, config }) =>
    (await openForges(database, config)).map(({ name, credential: { token, app }, jobToken, ...forge }) => ({
      names: [name],
      value: { ...forge, ...(app && { app: { id: app.id } }) },
      secrets: givenSecrets({
        ...(app ? { 'app.key': token, 'app.webhookSecret': app.webhookSecret } : { token }),
        jobToken,
      }),
    })),
  normal: (entry) => {
    const { api, ...value } = entry.value as Value;
    const address = apiAddress(value.kind, api) ?? api;
    return { ...entry, value: { ...value, ...(address !== apiAddress(value.kind, undefined) && { api: address }) } };
  },
  set: async ({ database, config, by }, entry, before) => {
    const { names, value, secrets } = entry;
    const [name = ''] = names;
    const { kind, api, repos = [], report = 'build', app } = value as Value;
    const jobToken = secrets.jobToken;
    if (!before) {
      const given = { ...credentialIn(app, secrets), ...(jobToken !== undefined && { jobToken }) };
      await addForge(database, config, { name, kind, api, repos, report, ...given, createdBy: by });
      return;
    }
    const old = before.value as Value;
    if (old.kind !== kind) throw otherKind(name, old.kind);
    const isMoved = old.api !== api;
    const changed = isMoved ? secrets : givenSecrets(secrets, before.secrets);
    const isOther = isMoved || app?.id !== old.app?.id || Object.keys(changed).some((field) => field !== 'jobToken');
    await changeForge(database, config, name, {
      ...{ api: isMoved ? (api ?? apiAddress(kind, undefined)) : undefined, repos, report },
      ...(isOther && credentialIn(app, changed)),
      ...(changed.jobToken !== undefined && { jobToken: changed.jobToken }),
    });
  },
  remove: ({ database }, { names: [name = ''] }) => removeForge(database, name),
  audited: auditedAs({ add: 'forges.add', change: 'forges.change', remove: 'forges.remove' }),
};

function credentialIn(
  app: Value['app'],
  { token, 'app.key': key, 'app.webhookSecret': webhookSecret }: Entry['secrets'],
) {
  return {
    ...(token !== undefined && { token }),
    ...(app && { app: { id: app.id, ...givenSecrets({ key, webhookSecret }) } }),
  };
}

function otherKind(name: string, kind: string): VoltError {
  return new VoltError('bad_request', `${name} is of kind ${kind} in Volt, and keeps it`, {
    remedy: 'Give the one of the other kind another name, or remove the old one first.',
  });
}

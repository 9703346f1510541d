import type * as z from 'zod';
import { admitRunners } from '../../../dispatcher/runner-rules.ts';
import { VoltError } from '../../../kernel/errors.ts';
import { addRunnerKey, listRunnerKeys, removeRunnerKey } from '../../../record/runner-keys.ts';
import { announce } from '../../requests/announce.ts';
import { runnerKeyEntry } from '../../schemas/config.ts';
import { auditedAs, type Kind, plainKind } from '../kind.ts';

type Value = z.output<typeof runnerKeyEntry>;

/** The public keys of runners on other machines; runners of the data directory have their own. */
export const runnerKeys: Kind = {
  ...plainKind,
  at: ['runnerKeys', '*'],
  schema: runnerKeyEntry,
  usual: { repos: [] },
  read: async ({ database }) =>
    (await listRunnerKeys(database)).flatMap(({ name, publicKey, repos, own }) =>
      own ? [] : [{ names: [name], value: { publicKey, repos }, secrets: {} }],
    ),
  set: async ({ database, by, afterwards }, { names: [name = ''], value }, before) => {
    if (before) {
      throw new VoltError('conflict', `the key ${name} is another one in Volt, and a key cannot be changed`, {
        remedy: 'Give the new one another name, or end the old one first: `volt runner-key rm`.',
      });
    }
    const { publicKey, repos = [] } = value as Value;
    await addRunnerKey(database, { name, publicKey, repos, createdBy: by });
    afterwards.push((context) => announce(context, admitRunners(context)));
  },
  remove: async ({ database, afterwards }, { names: [name = ''] }) => {
    await removeRunnerKey(database, name);
    afterwards.push((context) => announce(context, admitRunners(context)));
  },
  audited: auditedAs({ add: 'runner-keys.add', change: 'runner-keys.change', remove: 'runner-keys.remove' }),
};

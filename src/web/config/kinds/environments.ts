import type * as z from 'zod';
import { allEnvironments } from '../../../record/all-settings.ts';
import { removeEnvironment } from '../../../record/environments.ts';
import { setRules, shortNames, wrongRefs } from '../../requests/refs-of-repository.ts';
import { environmentEntry } from '../../schemas/config.ts';
import { auditedAs, type Kind, plainKind } from '../kind.ts';

type Value = z.output<typeof environmentEntry>;

export const environments: Kind = {
  ...plainKind,
  at: ['repositories', '*', 'environments', '*'],
  schema: environmentEntry,
  usual: { branches: [], approve: false, waitMinutes: 0 },
  read: async ({ database }) =>
    (await allEnvironments(database)).map(({ repo, name, branches, ...rules }) => ({
      ...{ names: [repo, name], value: { ...rules, branches: shortNames(branches) }, secrets: {} },
    })),
  normal: (entry) => {
    const value = entry.value as Value;
    return value.branches ? { ...entry, value: { ...value, branches: shortNames(value.branches) } } : entry;
  },
  wrong: ({ value }) => wrongRefs((value as Value).branches).map((message) => ({ field: ['branches'], message })),
  set: async (change, { names: [repo = '', name = ''], value }) => {
    const { branches = [], approve = false, waitMinutes = 0 } = value as Value;
    await setRules(change, repo, { name, branches, approve, waitMinutes });
  },
  remove: ({ database }, { names: [repo = '', name = ''] }) => removeEnvironment(database, repo, name),
  audited: auditedAs({
    add: 'repos.environments.set',
    change: 'repos.environments.set',
    remove: 'repos.environments.remove',
  }),
};

import type * as z from 'zod';
import { VoltError, withRemedy } from '../../../kernel/errors.ts';
import { parseGrantee } from '../../../kernel/grantee.ts';
import { roles } from '../../../kernel/roles.ts';
import { allGrants } from '../../../record/grant-lists.ts';
import { grantRole, revokeRole } from '../../../record/grants.ts';
import { accessEntry } from '../../schemas/config.ts';
import { type Entry, type Kind, plainKind } from '../kind.ts';

type Value = z.output<typeof accessEntry>;

/** What people and groups may do: all roles of one of them are an entry. */
export const access: Kind = {
  ...plainKind,
  at: ['access', '*'],
  schema: accessEntry,
  read: async ({ database }) => {
    const all = new Map<string, { [role: string]: string[] }>();
    for (const { who, role, repos } of await allGrants(database)) {
      const roles = all.get(who) ?? {};
      roles[role] ??= [];
      roles[role].push(repos);
      all.set(who, roles);
    }
    return [...all].map(([who, value]): Entry => ({ names: [who], value, secrets: {} }));
  },
  normal: (entry) => {
    const sorted = Object.entries(entry.value as Value).map(([role, repos]) => [role, [...new Set(repos)].sort()]);
    return { ...entry, value: Object.fromEntries(sorted) };
  },
  wrong: ({ names: [who = ''] }) => {
    try {
      parseGrantee(who);
      return [];
    } catch (error) {
      if (error instanceof VoltError) return [{ field: [], message: withRemedy(error) }];
      throw error;
    }
  },
  needs: ({ names: [who = ''] }) => [['people', who]],
  set: async ({ database, by }, { names: [who = ''], value }, before) => {
    for (const role of roles) {
      const [wanted = [], had = []] = [(value as Value)[role], (before?.value as Value | undefined)?.[role]];
      const lost = had.filter((pattern) => !wanted.includes(pattern));
      if (lost.length > 0) await revokeRole(database, { who, role, repos: lost });
      const repos = wanted.filter((pattern) => !had.includes(pattern));
      if (repos.length > 0) await grantRole(database, { who, role, repos }, by);
    }
  },
  remove: async ({ database }, { names: [who = ''] }) => {
    await revokeRole(database, { who });
  },
  audited: (before, after) => {
    const [had, has] = [grantsIn(before), grantsIn(after)];
    const given = has.filter((grant) => !had.includes(grant));
    const taken = had.filter((grant) => !has.includes(grant));
    return [
      ...given.map((target) => ({ action: 'access.grant', target })),
      ...taken.map((target) => ({ action: 'access.revoke', target })),
    ];
  },
};

/** `ada run app` */
function grantsIn(entry: Entry | undefined): string[] {
  return Object.entries((entry?.value ?? {}) as Value).flatMap(([role, repos = []]) =>
    repos.map((pattern) => `${entry?.names[0]} ${role} ${pattern}`),
  );
}

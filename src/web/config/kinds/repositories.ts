import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import { parseSource } from '../../../git/access/source.ts';
import { VoltError, withRemedy } from '../../../kernel/errors.ts';
import { recordNewRepository } from '../../../observer/add.ts';
import { completeSettings, settingProblems, usualSettings } from '../../../observer/settings.ts';
import { allTrustedRefs } from '../../../record/all-settings.ts';
import { removeRepository } from '../../../record/removal.ts';
import { changeRepository, listRepositories, type Repository } from '../../../record/repositories.ts';
import { notObserved } from '../../access/readable.ts';
import { shortNames, trustRefs, wrongRefs } from '../../requests/refs-of-repository.ts';
import { announceRemoval, announceRepository } from '../../requests/repositories.ts';
import { repositoryEntry } from '../../schemas/config.ts';
import { auditedAs, type Change, type Entry, type Kind, plainKind } from '../kind.ts';

type Value = z.output<typeof repositoryEntry>;

/** The watched repositories, with which of their refs may have secrets. */
export const repositories: Kind = {
  ...plainKind,
  at: ['repositories', '*'],
  schema: repositoryEntry,
  usual: { ...usualSettings },
  read: async ({ database }) => {
    const trusted = await allTrustedRefs(database);
    return (await listRepositories(database)).map((repository): Entry => {
      const { name, url } = repository;
      const refs = trusted.get(name);
      const value: Value = { url, ...completeSettings(repository), ...(refs && { trustedRefs: shortNames(refs) }) };
      return { names: [name], value, secrets: {} };
    });
  },
  normal: (entry) => {
    const value = entry.value as Value;
    return value.trustedRefs ? { ...entry, value: { ...value, trustedRefs: shortNames(value.trustedRefs) } } : entry;
  },
  wrong: ({ value }) => [
    ...settingProblems(value as Partial<Repository>).map(({ setting, error }) => ({
      ...{ field: [setting], message: withRemedy(error) },
    })),
    ...wrongRefs((value as Value).trustedRefs).map((message) => ({ field: ['trustedRefs'], message })),
  ],
  set: async (change, entry, before) => {
    const [name = ''] = entry.names;
    const value = entry.value as Value;
    const repository = before
      ? await changed(change, name, value, before.value as Value)
      : await added(change, name, value);
    if (!isDeepStrictEqual(value.trustedRefs, (before?.value as Value | undefined)?.trustedRefs))
      await trustRefs(change, name, value.trustedRefs ?? null);
    change.afterwards.push((context) => announceRepository(context, repository));
  },
  remove: async ({ database, afterwards }, { names: [name = ''] }) => {
    const removal = await removeRepository(database, name, false);
    if (!removal) throw notObserved(name);
    afterwards.push((context) => announceRemoval(context, name, removal));
  },
  audited: (before, after) => {
    const [old, now] = [before?.value, after?.value] as [Value?, Value?];
    const isTrustAlone =
      old &&
      now &&
      isDeepStrictEqual({ ...old, trustedRefs: now.trustedRefs }, { ...now, trustedRefs: now.trustedRefs });
    const isTrust = now !== undefined && !isDeepStrictEqual(old?.trustedRefs, now.trustedRefs);
    return [
      ...(isTrustAlone ? [] : asRepository(before, after)),
      ...(isTrust ? [{ action: 'repos.trusted-refs.set', target: after?.names[0] ?? '' }] : []),
    ];
  },
};

const asRepository = auditedAs({ add: 'repos.add', change: 'repos.change', remove: 'repos.remove' });

function added(change: Change, name: string, { url, trustedRefs, ...settings }: Value): Promise<Repository> {
  urlIn(url);
  return recordNewRepository(change, { ...settings, url, name });
}

async function changed(
  { database }: Change,
  name: string,
  { url, trustedRefs, ...settings }: Value,
  before: Value,
): Promise<Repository> {
  if (url !== before.url && urlIn(url) !== before.url) {
    throw new VoltError('bad_url', `${name} has another address in Volt: ${before.url}`, {
      remedy:
        'A repository keeps its address. Give the one at the new address another name, or remove the old one first.',
    });
  }
  const repository = await changeRepository(database, name, completeSettings(settings));
  if (!repository) throw notObserved(name);
  return repository;
}

/**
 * The address as Volt has it.
 * @throws VoltError `bad_url` for a path that depends on a folder, and for a password; as `parseSource`
 */
function urlIn(text: string): string {
  // neither a URL nor a whole path
  if (/^(?![/~])[^:]*$/.test(text)) {
    throw new VoltError('bad_url', `"${text.slice(0, 200)}" is a path below a folder that the file does not name`, {
      remedy: 'Give the whole path, beginning with "/".',
    });
  }
  const source = parseSource(text);
  if (source.kind === 'url' && source.credential) {
    throw new VoltError('bad_url', 'the address has a password, and the file contains no secrets', {
      remedy: 'Leave it out, and set it: `volt credential set NAME --https`.',
    });
  }
  return source.url;
}

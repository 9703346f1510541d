import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from '../support/bundle.ts';

/** What gives something of a repository by an id or a name that anybody may make up. */
const lookups = ['findBuild', 'findBuildSummary', 'findJob', 'findIntent', 'findRepository', 'listRepositories'];

/** Lists over all repositories. They take a reader; what is left out means everything. */
const lists =
  /\b(listBuilds|pageOfRepositories|repositoryNames|changesAfter|failingRepositories|oldestWaitingJob|repositoriesOn)\(/;

describe('web: reads from the database', () => {
  const folder = join(root, 'src/web');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('client/'))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

  it('by id or name go through one file, which checks the reader', () => {
    const others = files.filter(
      // a webhook shows that it knows the secret of the repository that it names, or of its App; and the file with all settings
      // is for administrators alone
      ({ name, text }) =>
        !['access/readable.ts', 'hooks/hooks.ts', 'hooks/app-calls.ts', 'config/kinds/repositories.ts'].includes(
          name,
        ) && lookups.some((one) => new RegExp(`\\b${one}\\(`).test(text)),
    );
    expect(others.map(({ name }) => name)).to.deep.equal([]);
  });

  it('of lists name the reader', () => {
    const open = files.flatMap(({ name, text }) =>
      text.split('\n').flatMap((_, index, lines) =>
        lists.test(lines[index] ?? '') &&
        !lines
          .slice(index, index + 3)
          .join(' ')
          .includes('reader')
          ? [`${name}:${index + 1}`]
          : [],
      ),
    );
    expect(open).to.deep.equal([]);
  });
});

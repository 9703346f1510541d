import { expect } from 'chai';
import type { ForgeScope } from '../../src/kernel/forge-projects.ts';
import { forgeAddresses } from '../../src/kernel/known-forges.ts';
import { githubContext } from '../../src/workflow/github-context.ts';
import { factsOf, workflowsOf } from '../support/workflows.ts';

/** What workflows of a repository see of its forge. */
function addressesOf(url: string, scopes: readonly ForgeScope[] = []): unknown[] {
  const repo = { name: 'app', url, defaultBranch: 'main' };
  const forge = forgeAddresses(repo, scopes);
  const facts = factsOf(undefined, { repo, ...(scopes.length > 0 && forge && { forge }) });
  const [workflow] = workflowsOf({ 'ci.yml': 'on: push\njobs: { a: { runs-on: x, steps: [{ run: x }] } }\n' });
  if (!workflow) throw new Error('the workflow is not valid');
  const { server_url, api_url, graphql_url, repository } = githubContext(facts, workflow, '1');
  return [server_url, api_url, graphql_url, repository];
}

describe('the addresses of the forge in the github context', () => {
  const github = ['https://github.com', 'https://api.github.com', 'https://api.github.com/graphql', 'acme/app'];

  it("are GitHub's own for a repository there, by any kind of address", () => {
    for (const url of [
      'https://github.com/acme/app.git',
      'git@github.com:acme/app.git',
      'https://me:pw@github.com/acme/app',
    ])
      expect(addressesOf(url), url).to.deep.equal(github);
  });

  it('are those of a forge that a person has named: GitHub Enterprise Server, Gitea and Forgejo', () => {
    const api = 'https://git.example.org/api/v3';
    const enterprise = ['https://git.example.org', api, 'https://git.example.org/api/graphql', 'acme/app'];
    expect(
      addressesOf('ssh://git@git.example.org:2222/acme/app.git', [{ kind: 'github', api, repos: [] }]),
    ).to.deep.equal(enterprise);
    for (const kind of ['gitea', 'forgejo'] as const) {
      const below = { kind, api: 'https://example.org:3000/git/api/v1', repos: [] };
      expect(addressesOf('https://example.org:3000/git/acme/app.git', [below])).to.deep.equal([
        ...['https://example.org:3000/git', 'https://example.org:3000/git/api/v1', '', 'acme/app'],
      ]);
    }
    expect(addressesOf('https://codeberg.org/acme/app')).to.deep.equal([
      ...['https://codeberg.org', 'https://codeberg.org/api/v1', '', 'acme/app'],
    ]);
  });

  it('are those of the project that a person has named for a path', () => {
    const named = { kind: 'github', api: 'https://api.github.com', repos: ['app=acme/app'] } as const;
    expect(addressesOf('/srv/git/app', [named])).to.deep.equal(github);
  });

  it('are made from the address of any other repository, as if its forge were GitHub', () => {
    expect(addressesOf('https://git.example.org/team/app.git')).to.deep.equal([
      ...[
        'https://git.example.org',
        'https://git.example.org/api/v3',
        'https://git.example.org/api/graphql',
        'team/app',
      ],
    ]);
    expect(addressesOf('/srv/git/app')).to.include('http://volt.localhost').and.include('local/app');
  });
});

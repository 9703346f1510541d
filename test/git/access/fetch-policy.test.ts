import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type FetchRules, JobFetchPolicy } from '../../../src/git/access/fetch-policy.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';

const addresses: Readonly<Record<string, string[]>> = {
  'open.example': ['93.184.216.34', '2606:2800::1'],
  'inner.example': ['10.1.2.3'],
  'mixed.example': ['93.184.216.34', '127.0.0.1'],
  'link.example': ['169.254.169.254'],
  'own.example': ['10.0.0.5'],
};
const own = 'https://own.example/team/app.git';

function fetchPolicy(rules: Partial<FetchRules> = {}): JobFetchPolicy {
  const url = rules.url ?? own;
  return new JobFetchPolicy({
    url,
    access: { url, credential: async () => undefined },
    trusted: true,
    network: { kind: 'on' },
    actionsUrl: 'https://actions.example',
    sharesCredential: false,
    machineCredentials: [],
    neighbours: [],
    servers: [],
    resolve: async (host) => addresses[host] ?? [],
    ...rules,
  });
}
const refused = (url: string, rules: Partial<FetchRules> = {}) =>
  failure('address_refused', () => fetchPolicy(rules).to(url));

describe('the policy for addresses that a commit names', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('allows the repository itself, with its credential and mirror', async () => {
    const { url, access, untrusted, reader } = await fetchPolicy().to(own);
    expect([url, access?.url, untrusted, reader]).to.deep.equal([own, own, undefined, undefined]);
  });

  it('allows a public server, at the checked IP addresses and without credentials', async () => {
    const { access, untrusted } = await fetchPolicy().to('https://open.example/lib');
    expect(access).to.equal(undefined);
    const pinned = { scheme: 'https', host: 'open.example', port: 443, addresses: addresses['open.example'] };
    expect(untrusted).to.deep.equal({ asMachine: false, protocol: 'https', pinned, redirects: false });
  });

  it('refuses registries of images that the job itself may not reach', async () => {
    const allows = (registry: string, rules: Partial<FetchRules>) =>
      fetchPolicy(rules)
        .toRegistry(registry)
        .then(
          () => true,
          (error) => {
            expect(error, registry).to.include({ code: 'address_refused' });
            return false;
          },
        );
    const list = { kind: 'list', hosts: [{ host: 'inner.example', port: 5000 }] } as const;
    const cases: [registry: string, untrusted: boolean, trusted: boolean, listed: boolean][] = [
      ['open.example', true, true, true],
      ['inner.example:5000', false, true, true],
      ['inner.example:5001', false, true, false],
      ['10.0.0.5:5000', false, true, false],
      ['127.0.0.1:5000', false, false, false],
      ['[::1]:5000', false, false, false],
      ['mixed.example', false, false, false],
      ['link.example', false, false, false],
    ];
    for (const [registry, ...expected] of cases) {
      const found = [{ trusted: false }, {}, { trusted: false, network: list }].map((rules) => allows(registry, rules));
      expect(await Promise.all(found), registry).to.deep.equal(expected);
    }
    expect(await allows('10.0.0.5:5000', { network: { kind: 'off' } })).to.equal(false);
    expect(await allows('nowhere.example', { trusted: false })).to.equal(false);
    expect(await fetchPolicy({ trusted: false }).toRegistry('open.example')).to.deep.equal(addresses['open.example']);
    expect([true, false].map((trusted) => fetchPolicy({ trusted }).pinsRegistries)).to.deep.equal([false, true]);
    const servers = [{ host: '10.1.2.3', isShared: false }];
    expect(await allows('inner.example:5000', { servers })).to.equal(false);
  });

  it("refuses Volt's own servers under every name, even if a list contains them", async () => {
    const servers = [
      { host: '10.1.2.3', isShared: false },
      { host: 'redis.example', isShared: false },
      { host: 'ci.example', isShared: true },
    ];
    const resolve = async (host: string) =>
      ({ ...addresses, 'redis.example': ['93.184.216.99'], 'ci.example': ['10.9.9.9', '93.184.216.34'] })[host] ?? [];
    const hosts = [{ host: 'inner.example', port: undefined }];
    for (const url of ['https://10.1.2.3:6379/x', 'https://inner.example/x', 'https://[::ffff:10.1.2.3]/x'])
      for (const network of [
        { kind: 'on' },
        {
          kind: 'list',
          hosts: [...hosts, { host: '10.1.2.3', port: 6379 }, { host: '::ffff:a01:203', port: undefined }],
        },
      ] as const)
        expect((await refused(url, { servers, resolve, network })).message).to.include('a server of Volt');
    await refused('https://93.184.216.99/x', { servers, resolve });
    await refused('https://10.9.9.9/x', { servers, resolve });
    // large hosters share addresses among customers
    expect((await fetchPolicy({ servers, resolve }).to('https://open.example/lib')).url).to.equal(
      'https://open.example/lib',
    );
    expect((await fetchPolicy({ servers, resolve }).to('https://10.1.2.4/lib')).url).to.equal('https://10.1.2.4/lib');
  });

  for (const url of [
    'https://127.0.0.1:8420/x',
    'https://0x7f.1/x',
    'https://2130706433/x',
    'https://[::ffff:127.0.0.1]/x',
    'https://mixed.example/x',
    'https://169.254.169.254/latest',
    'https://link.example/x',
    'https://[fe80::1]/x',
    'https://224.0.0.1/x',
  ])
    it(`refuses ${url}`, () => refused(url));

  it('allows private networks only for trusted refs', async () => {
    await fetchPolicy().to('https://inner.example/lib');
    await refused('https://inner.example/lib', { trusted: false });
    await refused('https://192.168.1.1/lib', { trusted: false });
  });

  it("allows the repository's own server anywhere, by HTTPS if the repository uses ssh", async () => {
    await fetchPolicy({ trusted: false }).to('https://own.example/other');
    await fetchPolicy({ trusted: false, url: 'git@own.example:team/app' }).to('https://own.example/other');
    await fetchPolicy({ trusted: false, url: 'http://127.0.0.1:3000/app' }).to('http://127.0.0.1:3000/other');
    await refused('http://127.0.0.1:8420/x', { url: 'http://127.0.0.1:3000/app' });
  });

  it('allows HTTPS, and HTTP only if the repository uses HTTP', async () => {
    await refused('http://open.example/lib');
    await refused('git://open.example/lib');
    await refused('file:///etc');
    await fetchPolicy({ url: 'http://own.example/app' }).to('http://open.example/lib');
  });

  it('allows ssh only with a key for the server', async () => {
    await refused('git@open.example:lib');
    await refused('git@own.example:lib', { url: 'git@own.example:app', trusted: false, sharesCredential: true });
    const { access } = await fetchPolicy({ url: 'git@own.example:app', sharesCredential: true }).to(
      'git@own.example:lib',
    );
    expect(access?.url).to.equal('git@own.example:app');
    const { untrusted } = await fetchPolicy({ machineCredentials: ['open.example'] }).to('git@open.example:lib');
    expect(untrusted?.asMachine).to.equal(true);
  });

  it("uses the machine's credentials only for configured servers and trusted refs", async () => {
    const by = async (url: string, trusted: boolean, ...machineCredentials: string[]) =>
      (await fetchPolicy({ machineCredentials, trusted }).to(url)).untrusted?.asMachine;
    expect(await by('https://open.example/team/lib', true, 'open.example')).to.equal(true);
    expect(await by('https://open.example/team/lib', true, 'open.example/team')).to.equal(true);
    expect(await by('https://open.example/team/lib', true, 'open.example:443/team/')).to.equal(true);
    expect(await by('https://open.example/team/lib', false, 'open.example')).to.equal(false);
    expect(await by('https://open.example/team/lib', true, 'open.example/tea', 'other.example')).to.equal(false);
    expect(await by('https://open.example/team%2f..%2fother/lib', true, 'open.example/team')).to.equal(false);
    expect(await by('https://open.example/team/../other/lib', true, 'open.example/team')).to.equal(false);
  });

  it('allows only the servers of the repository and of actions if the network is off', async () => {
    const network = { kind: 'off' } as const;
    await refused('https://open.example/lib', { network });
    await refused('https://open.example/lib', { network, machineCredentials: ['open.example'] });
    await fetchPolicy({ network }).to('https://own.example/lib');
    await fetchPolicy({ network }).to('https://actions.example/owner/action');
  });

  it('allows servers of a list, also in private networks, but never the machine itself', async () => {
    const network = {
      kind: 'list',
      hosts: ['inner.example', '127.0.0.1'].map((host) => ({ host, port: undefined })),
    } as const;
    await fetchPolicy({ network, trusted: false }).to('https://inner.example/lib');
    await refused('https://open.example/lib', { network });
    await refused('https://127.0.0.1/lib', { network });
  });

  it('allows paths only in configured folders and in the folder of actions', async () => {
    const top = folders.make();
    for (const name of ['a', 'b']) mkdirSync(join(top, name));
    const rules = { url: join(top, 'a') };
    await refused(join(top, 'b'), rules);
    const { reader } = await fetchPolicy({ ...rules, neighbours: [top] }).to(join(top, 'b'));
    expect(reader).to.include('path');
    await refused(join(top, 'b'), { neighbours: [top] });
    await fetchPolicy({ ...rules, actionsUrl: top }).to(join(top, 'b'));
  });

  it('refuses paths that leave these folders by ".." or a link', async () => {
    const top = folders.make();
    for (const name of ['in/a', 'in/b', 'out']) mkdirSync(join(top, name), { recursive: true });
    symlinkSync(join(top, 'out'), join(top, 'in/link'));
    const rules = { url: join(top, 'in/a') };
    const neighbours = [join(top, 'in')];
    for (const path of [`${top}/in/../out`, `${top}/in/b/../../out`, `${top}/in/link`])
      await refused(path, { ...rules, neighbours });
    expect(await fetchPolicy({ ...rules, neighbours }).to(`${top}/in/x/../b`)).to.include({ url: join(top, 'in/b') });
    await refused(`${top}/in/../out`, { ...rules, actionsUrl: join(top, 'in') });
  });

  it('uses separate mirrors for each repository, trust class and set of rights', async () => {
    const readers = await Promise.all(
      [
        {},
        { trusted: false },
        { url: 'https://own.example/team/other.git' },
        { sharesCredential: true },
        { machineCredentials: ['own.example'] },
      ].map(async (rules) => (await fetchPolicy(rules).to('https://own.example/team/lib')).reader),
    );
    expect(new Set(readers).size).to.equal(readers.length);
    expect(readers).to.not.include(undefined);
  });

  it('allows another server for Git LFS only for trusted refs or from a list', async () => {
    const url = 'https://open.example/lib.git/info/lfs';
    await fetchPolicy().toLfs(url);
    await failure('address_refused', () => fetchPolicy({ trusted: false }).toLfs(url));
    await fetchPolicy({ trusted: false }).toLfs('https://own.example/team/app.git/info/lfs');
    const network = { kind: 'list', hosts: [{ host: 'open.example', port: 443 }] } as const;
    await fetchPolicy({ trusted: false, network }).toLfs(url);
  });

  it('fails for an unknown host name', () =>
    failure('fetch_failed', () => fetchPolicy().to('https://nowhere.example/lib')));
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Engine } from '../../src/engine/engine.ts';
import { ImagePulls } from '../../src/engine/image-pulls.ts';
import type { Reach } from '../../src/engine/registry/checked-request.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { asVoltError, VoltError } from '../../src/kernel/errors.ts';
import { hasEngine, startEngine, type TestEngine } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';
import { digestOf, HttpsRegistry, manifestType } from '../support/https-registry.ts';
import { makeTinyRoot } from '../support/tiny-root.ts';

const architecture = { x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch;
const gzip = 'application/vnd.oci.image.layer.v1.tar+gzip';

describe('an image that Volt fetches for a ref that is not trusted', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  let registry: HttpsRegistry;
  let test: TestEngine;
  let engine: Engine;
  /** files of an image */
  let files: Buffer;
  before(async function () {
    if (!hasEngine()) return this.skip();
    test = await startEngine();
    engine = await test.connect();
    registry = await HttpsRegistry.start();
    const folder = folders.make();
    makeTinyRoot(join(folder, 'root'), join(folder, 'root.tar'));
    files = readFileSync(join(folder, 'root.tar'));
  });
  afterEach(async () => {
    registry.clear();
    const others = (await test.podman('images', '--format', '{{.Repository}}:{{.Tag}}')).split('\n');
    for (const name of others.filter((each) => each !== '' && !each.includes('tiny'))) await test.podman('rmi', name);
  });
  after(async () => {
    await registry?.stop();
    await test?.stop();
    folders.remove();
  });

  /** All names but `inner.example` are that of the registry; none of them resolves outside of this test. */
  const reach: Reach = async (host) => {
    if (host.startsWith('inner.example') || !host.includes('.example'))
      throw new VoltError('image_unavailable', `${host} is refused`, { remedy: 'none' });
    return ['127.0.0.1'];
  };
  const at = (host: string, path = '') => `${host}:${registry.port}${path}`;

  /** Adds an image to the registry. */
  function addImage({ config = {}, layer = {} }: { config?: object; layer?: object } = {}, host = 'open.example') {
    const repository = 'team/app';
    const about = { architecture, os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [digestOf(files)] } };
    const text = Buffer.from(`${JSON.stringify({ ...about, ...config }, null, 2)}\n`);
    const packed = registry.addBlob(host, repository, gzipSync(files), gzip);
    const manifest = {
      ...{ schemaVersion: 2, mediaType: manifestType },
      config: registry.addBlob(host, repository, text, 'application/vnd.oci.image.config.v1+json'),
      layers: [{ ...packed, ...layer }],
    };
    const own = registry.addManifest(host, repository, manifest, 'plain');
    const other = { mediaType: manifestType, digest: digestOf(Buffer.from('other')), size: 9 };
    const manifests = [
      { ...other, platform: { os: 'linux', architecture: 'other' } },
      { ...other, digest: own, platform: { os: 'linux', architecture } },
    ];
    const digest = registry.addManifest(host, repository, { schemaVersion: 2, manifests }, '1');
    return { name: at(host, `/${repository}:1`), digest, layer: packed.digest, config: digestOf(text) };
  }

  async function get(
    name: string,
    { pulls = new ImagePulls(loadConfig({ dataDir: folders.make() })), limit = undefined as number | undefined } = {},
  ) {
    const said: string[] = [];
    const waiter = { say: (text: string) => void said.push(text), signal: new AbortController().signal };
    const ended = await pulls.get(engine, name, { ...waiter, login: undefined, reach, limit }).then(
      (image) => ({ image, error: undefined }),
      (error) => ({ image: undefined, error: asVoltError(error) }),
    );
    return { ...ended, said };
  }

  it('is the one that the registry has for this machine, and its token goes to no other server', async () => {
    const { name, digest, layer, config } = addImage();
    const blob = `/v2/team/app/blobs/${layer}`;
    registry.answers.set(`storage.example${blob}`, registry.answers.get(`open.example${blob}`) as Buffer);
    registry.answers.set(`open.example${blob}`, `https://${at('storage.example', blob)}`);
    registry.answers.set('auth.example/token', Buffer.from('{"token":"for the test"}'));
    registry.before = ({ host, headers }, response) => {
      if (host !== 'open.example' || headers.authorization === 'Bearer for the test') return false;
      const realm = `Bearer realm="https://${at('auth.example', '/token')}",service="test"`;
      response.writeHead(401, { 'www-authenticate': realm }).end();
      return true;
    };
    const dataDir = folders.make();
    const pulls = new ImagePulls(loadConfig({ dataDir }));
    const { image, error, said } = await get(name, { pulls });
    expect(error?.message ?? '', said?.join('')).to.equal('');
    expect(image).to.include({ id: config, digest: `${at('open.example')}/team/app@${digest}` });
    expect(await test.podman('run', '--rm', '--network=none', name, 'cat', '/etc/group')).to.include('node');
    expect(registry.seen.find(({ host }) => host === 'auth.example')?.path).to.equal(
      '/token?service=test&scope=repository%3Ateam%2Fapp%3Apull',
    );
    const stored = registry.seen.filter(({ host }) => host === 'storage.example');
    expect(stored.map(({ headers }) => headers.authorization)).to.deep.equal([undefined]);
    registry.seen.length = 0;
    expect((await get(name, { pulls })).image?.digest, 'known later').to.equal(image?.digest);
    expect(registry.seen).to.deep.equal([]);
    const left = readdirSync(join(dataDir, 'engine')).filter((file) => file.startsWith('fetched'));
    expect(left).to.deep.equal([]);
    const always = new ImagePulls(loadConfig({ dataDir, imagePull: 'always' }));
    expect((await get(name, { pulls: always })).image?.id).to.equal(config);
    expect(
      registry.seen.filter(({ path }) => path.includes('/blobs/')),
      'what the engine has',
    ).to.deep.equal([]);
  });

  it('by its digest is found again', async () => {
    const { digest } = addImage();
    const pulls = new ImagePulls(loadConfig({ dataDir: folders.make() }));
    const name = at('open.example', `/team/app@${digest}`);
    const { image, error, said } = await get(name, { pulls });
    expect(error?.message ?? '', said?.join('')).to.equal('');
    expect(image?.digest).to.equal(name);
    expect(await get(name, { pulls }))
      .to.have.property('said')
      .that.deep.equals([]);
  });

  it('is not to be had where its registry leads to an address that the job may not reach', async () => {
    const secret = (path: string) => `https://${at('inner.example', path)}`;
    const cases: [what: string, refused: string, attack: (layer: string) => void][] = [
      ['manifest', 'inner.example', () => registry.answers.set('open.example/v2/team/app/manifests/1', secret('/'))],
      [
        'layer',
        'inner.example',
        (layer) => registry.answers.set(`open.example/v2/team/app/blobs/${layer}`, secret('/blob')),
      ],
      [
        'layer by http',
        'no address by https',
        (layer) =>
          registry.answers.set(`open.example/v2/team/app/blobs/${layer}`, `http://127.0.0.1:${registry.port}/secret`),
      ],
      [
        'address in numbers',
        '127.0.0.1',
        (layer) =>
          registry.answers.set(`open.example/v2/team/app/blobs/${layer}`, `https://0x7f.1:${registry.port}/secret`),
      ],
      [
        'token',
        'inner.example',
        () => {
          registry.before = (_, response) => {
            response.writeHead(401, { 'www-authenticate': `Bearer realm="${secret('/token')}"` }).end();
            return true;
          };
        },
      ],
    ];
    for (const [what, refused, attack] of cases) {
      registry.clear();
      const { name, layer } = addImage();
      attack(layer);
      const { error, said } = await get(name);
      expect(error, what).to.include({ code: 'image_unavailable' });
      expect(error?.message, what).to.include(refused);
      expect(said, what).to.have.lengthOf(1);
      expect(
        registry.seen.filter(({ host }) => host !== 'open.example'),
        what,
      ).to.deep.equal([]);
    }
    registry.clear();
    const { name } = addImage({ layer: { urls: [secret('/layer')] } });
    expect((await get(name)).error?.message).to.include('is not at its registry');
  });

  it('is not to be had where it is something else than its registry says', async () => {
    const { name: short, layer } = addImage();
    registry.answers.set(`open.example/v2/team/app/blobs/${layer}`, gzipSync('something else'));
    expect((await get(short)).error?.message).to.include('sends something else than sha256:');
    registry.clear();
    // an engine that has a layer of that digest would take its own
    const { name: forged } = addImage({
      config: { rootfs: { type: 'layers', diff_ids: [digestOf(Buffer.from('of somebody else'))] } },
    });
    expect((await get(forged)).error?.message).to.include('a layer is not what the image says');
    registry.clear();
    const { name: large } = addImage();
    expect((await get(large, { limit: 4096 })).error?.message).to.include('VOLT_JOB_DISK');
    registry.clear();
    expect((await get(large)).error?.message).to.include('HTTP status 404: NAME_UNKNOWN: not here');
  });
});

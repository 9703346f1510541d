import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Engine } from '../../src/engine/engine.ts';
import { imageName } from '../../src/engine/image-name.ts';
import { ImagePulls } from '../../src/engine/image-pulls.ts';
import { imageOf, type RegistryLogin } from '../../src/engine/images.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { asVoltError } from '../../src/kernel/errors.ts';
import { BreakingProxy } from '../support/breaking-proxy.ts';
import { hasEngine, startEngine, type TestEngine, tinyImage } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';
import { hasRegistry, registryLogin, startRegistry, type TestRegistry } from '../support/registry.ts';
import { until } from '../support/until.ts';

describe('a pull of an image', function () {
  this.timeout(120_000);
  const folders = new TestFolders();
  let open: TestRegistry;
  let closed: TestRegistry;
  let proxy: BreakingProxy;
  let test: TestEngine;
  let engine: Engine;
  before(async function () {
    if (!hasEngine() || !hasRegistry()) return this.skip();
    [open, closed] = await Promise.all([
      startRegistry(folders, { isPrivate: false }),
      startRegistry(folders, { isPrivate: true }),
    ]);
    proxy = await BreakingProxy.start(open.port);
    const plain = [open, closed, proxy].map(({ port }) => `127.0.0.1:${port}`);
    test = await startEngine({ plain, mirror: plain[0] as string });
    engine = await test.connect();
    await Promise.all([
      test.push(tinyImage, `127.0.0.1:${open.port}/library/open:1`),
      test.push(tinyImage, `127.0.0.1:${closed.port}/team/closed:1`, registryLogin),
    ]);
  });
  beforeEach(async () => {
    proxy.cuts.length = 0;
    proxy.hangs = false;
    proxy.received = 0;
    const others = (await test.podman('images', '--format', '{{.Repository}}:{{.Tag}}')).split('\n');
    for (const name of others.filter((each) => each !== '' && !each.includes('tiny'))) await test.podman('rmi', name);
  });
  after(async () => {
    await test?.stop();
    await proxy?.stop();
    await Promise.all([open?.stop(), closed?.stop()]);
    folders.remove();
  });

  const through = (port: number, name: string) => `127.0.0.1:${port}/${name}`;
  const policy = (imagePull: 'missing' | 'always' | 'never', dataDir = folders.make()) =>
    new ImagePulls(loadConfig({ imagePull, dataDir }));

  /** @returns what is said, and the image or the error */
  async function get(
    pulls: ImagePulls,
    name: string,
    login?: RegistryLogin,
    { signal = new AbortController().signal, said = [] as string[] } = {},
  ) {
    const ended = await pulls.get(engine, name, { login, say: (text) => void said.push(text), signal }).then(
      (image) => ({ image, error: undefined }),
      (error) => ({ image: undefined, error: asVoltError(error) }),
    );
    return { ...ended, said };
  }

  it('fetches an image that the machine does not have, once, and says so', async () => {
    const pulls = policy('missing');
    const name = through(open.port, 'library/open:1');
    const { image, said } = await get(pulls, name);
    expect(image?.digest).to.match(/^127\.0\.0\.1:\d+\/library\/open@sha256:/);
    expect(said[0]).to.equal(`pulling ${name}`);
    expect(said, 'with the words of the engine').to.have.lengthOf.above(1);
    expect((await get(pulls, name)).said).to.deep.equal([]);
    expect((await get(policy('always'), name)).said[0]).to.equal(`pulling ${name}`);
  });

  it('fetches nothing where the setting says never', async () => {
    const { error, said } = await get(policy('never'), through(open.port, 'library/open:1'));
    expect(error).to.include({ code: 'image_unavailable' });
    expect(error?.message).to.include('VOLT_IMAGE_PULL');
    expect(said).to.deep.equal([]);
  });

  it('asks a mirror of Docker Hub that the engine knows', async () => {
    const { image, error } = await get(policy('missing'), 'open:1');
    expect(error).to.equal(undefined);
    expect(image?.digest).to.match(/^docker\.io\/library\/open@sha256:/);
  });

  it('says what the registry says of an image that is gone, and does not try again', async () => {
    await test.push(tinyImage, through(open.port, 'library/gone:1'));
    open.forget('library/gone');
    const { error, said } = await get(policy('missing'), through(open.port, 'library/gone:1'));
    expect(error).to.include({ code: 'image_unavailable' });
    expect(error?.message).to.match(/unknown|not found/);
    expect(said).to.have.lengthOf(1);
  });

  it('logs in, and gives a private image only to those whose password the registry accepts', async () => {
    const dataDir = folders.make();
    const pulls = policy('missing', dataDir);
    const name = through(closed.port, 'team/closed:1');
    const wrong = { ...registryLogin, password: 'guessed' };
    expect((await get(pulls, name)).error, 'without a login').to.include({ code: 'image_unavailable' });
    expect((await get(pulls, name, wrong)).error, 'with a wrong password').to.include({ code: 'image_unavailable' });
    const { image, error } = await get(pulls, name, registryLogin);
    expect(error).to.equal(undefined);
    const names = await test.podman('images', '--format', '{{.Repository}}');
    expect(names, 'the engine keeps it').to.include('localhost/volt-private');
    expect(await imageOf(engine, imageName(name)), 'under its name').to.equal(undefined);
    expect(image?.digest).to.match(/\/team\/closed@sha256:/);
    expect(await imageOf(engine, image?.digest ?? ''), 'under its digest').to.equal(undefined);
    for (const others of [pulls, policy('missing', dataDir)]) {
      expect((await get(others, name)).error, 'without a login').to.include({ code: 'image_unavailable' });
      expect((await get(others, name, wrong)).error, 'with a wrong password').to.include({ code: 'image_unavailable' });
    }
    expect((await get(pulls, name, registryLogin)).error).to.equal(undefined);
    const never = await get(policy('never', dataDir), name, registryLogin);
    expect(never.error?.message).to.include('VOLT_IMAGE_PULL is "never"');
  });

  it('makes no image private because of credentials that its registry refuses', async () => {
    const dataDir = folders.make();
    const pulls = policy('missing', dataDir);
    const name = through(closed.port, 'team/closed:1');
    const wrong = { ...registryLogin, password: 'guessed' };
    expect((await get(pulls, name, wrong)).error).to.include({ code: 'image_unavailable' });
    await test.podman('tag', tinyImage, name);
    const { error, said } = await get(policy('missing', dataDir), name);
    expect(error).to.equal(undefined);
    expect(said, 'nothing is pulled again').to.deep.equal([]);
  });

  it('makes no image private by credentials that were not needed', async () => {
    const dataDir = folders.make();
    const pulls = policy('missing', dataDir);
    const name = through(open.port, 'library/open:1');
    expect((await get(pulls, name, registryLogin)).error).to.equal(undefined);
    const { error, said } = await get(pulls, name);
    expect(error).to.equal(undefined);
    expect(said[0], 'its registry is asked whether all may have it').to.equal(`pulling ${name}`);
    expect((await get(pulls, name)).said, 'only once').to.deep.equal([]);
    expect((await get(policy('never', dataDir), name)).error, 'without its registry').to.equal(undefined);
  });

  it('makes no image private when it is cancelled, unless the engine has got one in the end', async () => {
    const dataDir = folders.make();
    const pulls = policy('missing', dataDir);
    const name = through(proxy.port, 'team/other:1');
    await test.podman('tag', tinyImage, name);
    proxy.hangs = true;
    const stop = new AbortController();
    const pulling = get(pulls, name, registryLogin, { signal: stop.signal });
    await until('the registry is asked', () => proxy.received > 0);
    stop.abort(new Error('cancelled'));
    expect((await pulling).error?.message).to.equal('cancelled');
    expect(await get(pulls, name))
      .to.include({ error: undefined })
      .and.have.deep.property('said', []);
    proxy.hangs = false;
    proxy.cut();
    // as if the engine had gone on
    const archive = join(folders.make(), 'tiny.tar');
    await test.podman('save', '--output', archive, tinyImage);
    await test.podman('import', archive, name);
    const { error, said } = await get(pulls, name);
    expect(error).to.include({ code: 'image_unavailable' });
    expect(said).to.not.deep.equal([]);
    await test.podman('rmi', name);
  });

  it('knows the private images of an older Volt, until their registry gives them to everybody', async () => {
    const dataDir = folders.make();
    mkdirSync(join(dataDir, 'engine'), { recursive: true });
    const notes = [through(open.port, 'library/open'), through(closed.port, 'team/closed')];
    writeFileSync(join(dataDir, 'engine/private-images'), `${notes.join('\n')}\n`);
    for (const name of notes) await test.podman('tag', tinyImage, `${name}:1`);
    const pulls = policy('missing', dataDir);
    expect((await get(pulls, `${notes[1]}:1`)).error).to.include({ code: 'image_unavailable' });
    expect((await get(pulls, `${notes[0]}:1`)).said).to.not.deep.equal([]);
    expect((await get(pulls, `${notes[0]}:1`)).said).to.deep.equal([]);
  });

  it('leaves an image that a person has put on the machine under its name', async () => {
    const name = through(closed.port, 'team/closed:1');
    await test.podman('tag', tinyImage, name);
    expect((await get(policy('missing'), name, registryLogin)).error).to.equal(undefined);
    expect(await imageOf(engine, imageName(name))).to.not.equal(undefined);
  });

  it('keeps no password on the disk', async () => {
    const dataDir = folders.make();
    await get(policy('missing', dataDir), through(closed.port, 'team/closed:1'), registryLogin);
    const kept = readdirSync(join(dataDir, 'engine'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
    expect(kept).to.include(`127.0.0.1:${closed.port}/team/closed`);
    expect(kept.join('\n')).to.not.include(registryLogin.password);
    if (engine.kind === 'podman')
      expect(await test.podman('login', '--get-login', `127.0.0.1:${closed.port}`).catch(() => 'none')).to.equal(
        'none',
      );
  });

  it('tries again where the network has failed', async () => {
    proxy.cuts.push(0, 0, 0);
    const { error, said } = await get(policy('missing'), through(proxy.port, 'library/open:1'));
    expect(error?.message, said.join('\n')).to.equal(undefined);
    expect(said.join('\n')).to.match(/the pull failed: .*trying again in 1 s/);
  });

  it('tries again where the registry goes away in the middle of the image', async () => {
    // the engine must not have the layer from elsewhere
    const container = (await test.podman('create', tinyImage, 'true')).trim();
    await test.podman('cp', '/bin/busybox', `${container}:/more`);
    await test.podman('commit', container, 'docker.io/library/large:1');
    await test.podman('rm', container);
    await test.push('docker.io/library/large:1', through(open.port, 'library/large:1'));
    await test.podman('rmi', 'docker.io/library/large:1');
    proxy.received = 0;
    proxy.cuts.push(100_000, 100_000, 100_000);
    const { image, said } = await get(policy('missing'), through(proxy.port, 'library/large:1'));
    expect(image, said.join('\n')).to.not.equal(undefined);
    expect(proxy.received).to.be.greaterThan(100_000);
    expect(proxy.cuts, 'connections that were not cut').to.deep.equal([]);
  });

  it('is one for all who ask at once, and goes on when one of them gives up', async () => {
    proxy.hangs = true;
    const pulls = policy('missing');
    const name = through(proxy.port, 'library/open:1');
    const stop = new AbortController();
    const first = get(pulls, name, undefined, { signal: stop.signal });
    await until('the registry is asked', () => proxy.received > 0);
    const heard: string[] = [];
    const second = get(pulls, name, undefined, { said: heard });
    await until('the second one waits, too', () => heard.includes('another job pulls it already'));
    stop.abort(new Error('cancelled'));
    expect((await first).error?.message).to.equal('cancelled');
    proxy.hangs = false;
    // what was withheld does not come any more
    proxy.cut();
    const { error, said } = await second;
    expect(error?.message, said.join('\n')).to.equal(undefined);
  });

  it('ends when nobody waits for it any more', async () => {
    proxy.hangs = true;
    const stop = new AbortController();
    const pulling = get(policy('missing'), through(proxy.port, 'library/open:1'), undefined, { signal: stop.signal });
    await until('the registry is asked', () => proxy.received > 0);
    stop.abort(new Error('cancelled'));
    expect((await pulling).error?.message).to.equal('cancelled');
    await until('the engine has hung up', () => proxy.connections === 0);
  });
});

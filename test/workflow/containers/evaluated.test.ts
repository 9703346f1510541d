import { expect } from 'chai';
import { containerOf, servicesOf } from '../../../src/workflow/containers/evaluated.ts';
import { ContainerProblem } from '../../../src/workflow/containers/problem.ts';
import type { ContainerRights } from '../../../src/workflow/containers/rights.ts';
import type { Json } from '../../../src/workflow/template.ts';

const workspaces = ['/job/workspace'];
const refused: ContainerRights = { privileged: 'refused', volumes: 'refused' };
const container = (value: Json, rights = refused) => containerOf(value, { workspaces, rights, isIsolated: true });
const services = (value: Json) => servicesOf(value, { workspaces, rights: refused, isIsolated: true });

function problem(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ContainerProblem) return `${error.severity}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('the container of a job, once its expressions are evaluated', () => {
  it('is an image alone', () => {
    const spec = container('docker://node:22');
    expect(spec).to.include({ image: 'docker.io/library/node:22' });
    expect(spec).to.deep.include({ env: {}, ports: [], volumes: [] });
  });

  it('is a mapping, whose values become text', () => {
    const spec = container({
      image: 'node',
      env: { N: 1, YES: true, NOTHING: null, BOTH: 'key' },
      ports: [80, '443:443'],
      volumes: ['cache:/cache'],
      options: '--cpus 1 -e BOTH=option -e ONLY=option -p 22 -v /anonymous',
      credentials: { username: 'ada', password: 'secret' },
    });
    expect(spec?.env).to.deep.equal({ N: '1', YES: 'true', NOTHING: '', BOTH: 'key', ONLY: 'option' });
    expect(spec?.ports.map((port) => port.container)).to.deep.equal([22, 80, 443]);
    expect(spec?.volumes.map(({ target }) => target)).to.deep.equal(['/anonymous', '/cache']);
    expect(spec?.credentials).to.deep.equal({ username: 'ada', password: 'secret' });
    expect(spec?.options.cpus).to.equal(1);
  });

  it('is none if there is none, or the image is empty', () => {
    for (const value of [null, '', 'docker://', { image: '' }, { image: null, options: '--rm' }]) {
      expect(container(value), JSON.stringify(value)).to.equal(undefined);
    }
  });

  it('needs both name and password to sign in', () => {
    expect(container({ image: 'node', credentials: { username: 'ada', password: '' } })).not.to.have.property(
      'credentials',
    );
  });

  it('that is not valid is reported with its key', () => {
    expect(problem(() => container(['node']))).to.match(/^invalid: `container` is not valid: /);
    expect(problem(() => container({ image: 'node', ports: 80 }))).to.match(
      /^invalid: `container\.ports` is not valid/,
    );
    expect(problem(() => container({ image: 'node', command: 'x' }))).to.match(/^invalid: `container`.*"command"/);
    expect(problem(() => container({ image: 'node', env: { 'A=B': '1' } }))).to.match(/^invalid: `container\.env/);
    expect(problem(() => container({ image: 'node', options: '--userns host' }))).to.match(
      /^unsupported: `container`: the option `--userns` is not supported/,
    );
    expect(problem(() => container({ image: 'node', options: '--entrypoint x' }))).to.match(
      /^unsupported: `container`: the option `--entrypoint` is not supported, as on GitHub$/,
    );
  });
});

describe('what a container asks for beyond what every job may have', () => {
  const privileged = { image: 'node', options: '--privileged --cap-add sys_ptrace --device /dev/kvm:/dev/k:rw' };
  const volume = { image: 'node', volumes: ['/srv/data:/data:ro'] };

  it('is refused by name, with the flag by which the owner of the machine can allow it', () => {
    expect(problem(() => container(privileged))).to.equal(
      'unsupported: `container`: the option `--privileged` is not allowed: it gives the job rights on the machine of the runner, whose owner can allow it by `volt runner --allow-privileged REPOSITORY`',
    );
    for (const options of ['--cap-add ALL', '--device /dev/kvm', '--pid host', '--ipc=host'])
      expect(problem(() => container({ image: 'node', options }))).to.include(
        `${options.split(/[ =]/)[0]}\` is not allowed`,
      );
    expect(problem(() => container(volume))).to.match(
      /the volume "\/srv\/data", a path of the machine, is not allowed: .*--allow-volumes REPOSITORY/,
    );
  });

  it('is a folder in the workspace or a name server, where a job is isolated', () => {
    const folder = { image: 'node', volumes: ['/job/workspace/sub/deep:/data:ro'] };
    const server = { image: 'node', options: '--dns 9.9.9.9 --dns-search example.org' };
    expect(problem(() => container(folder))).to.match(
      /^unsupported: .*the volume "sub\/deep", a path in the workspace where the job can put a link, is not allowed: .*--allow-volumes REPOSITORY/,
    );
    expect(problem(() => services({ db: server }))).to.match(
      /^unsupported: `services.db`: the option `--dns` is not allowed: .*--allow-privileged REPOSITORY/,
    );
    expect(container(folder, { privileged: 'refused', volumes: 'allowed' })?.volumes).to.have.length(1);
    expect(container(server, { privileged: 'allowed', volumes: 'refused' })?.options.dns).to.deep.equal(['9.9.9.9']);
    const open = { workspaces, rights: refused, isIsolated: false };
    for (const value of [folder, server]) expect(problem(() => containerOf(value, open))).to.equal('none');
    const whole = { image: 'node', volumes: ['/job/workspace:/data'], options: '--dns-search example.org' };
    expect(problem(() => container(whole))).to.equal('none');
  });

  it('is refused on a ref that is not trusted', () => {
    const rights: ContainerRights = { privileged: 'untrusted', volumes: 'untrusted' };
    expect(problem(() => container(privileged, rights))).to.include(
      'is allowed on trusted refs of the repository only',
    );
    expect(problem(() => container(volume, rights))).to.include('is allowed on trusted refs of the repository only');
  });

  it('is given where the owner of the machine allows just that', () => {
    const onlyPrivileged = container(privileged, { privileged: 'allowed', volumes: 'refused' });
    expect(onlyPrivileged?.options.machine).to.deep.equal({
      ...{ privileged: true, capAdd: ['SYS_PTRACE'], hostPid: false, hostIpc: false },
      devices: [{ from: '/dev/kvm', to: '/dev/k', access: 'rw' }],
    });
    expect(problem(() => container(volume, { privileged: 'allowed', volumes: 'refused' }))).to.include('not allowed');
    expect(container(volume, { privileged: 'refused', volumes: 'allowed' })?.volumes).to.deep.equal([
      { source: { kind: 'machine', path: '/srv/data' }, target: '/data', readOnly: true },
    ]);
  });
});

describe('the services of a job, once their expressions are evaluated', () => {
  it('have ids, an entry point and arguments', () => {
    const { services: all, unused } = services({
      redis: 'redis:8',
      db: { image: 'postgres', entrypoint: '/start', command: 'postgres -c "log_statement = all"' },
      old: { image: 'nginx', options: '--entrypoint /option' },
      none: { image: '' },
      nothing: '',
    });
    expect(all.map(({ id, entrypoint, command }) => ({ id, entrypoint, command }))).to.deep.equal([
      { id: 'redis', entrypoint: undefined, command: [] },
      { id: 'db', entrypoint: '/start', command: ['postgres', '-c', 'log_statement = all'] },
      { id: 'old', entrypoint: '/option', command: [] },
    ]);
    expect(unused).to.deep.equal(['none', 'nothing']);
    expect(services(null)).to.deep.equal({ services: [], unused: [] });
  });

  it('that are not valid are reported with their key', () => {
    expect(problem(() => services('redis'))).to.match(/^invalid: `services` is not valid/);
    expect(problem(() => services({ 'a b': 'redis' }))).to.match(
      /^invalid: "a b" is not valid: a service needs a host/,
    );
    expect(problem(() => services({ db: { image: 'x', ports: ['x'] } }))).to.equal(
      'invalid: `services.db`: "x" is not a port: use port, host:port or host:port/udp',
    );
    expect(problem(() => services({ db: { image: 'x', command: '"' } }))).to.match(/^invalid: `services.db`: a quote/);
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`s${index}`, 'x']));
    expect(problem(() => services(many))).to.equal('invalid: a job has at most 100 services');
  });
});

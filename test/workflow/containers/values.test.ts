import { expect } from 'chai';
import { fullImageName } from '../../../src/workflow/containers/image-name.ts';
import { portsOf } from '../../../src/workflow/containers/ports.ts';
import { volumeOf } from '../../../src/workflow/containers/volumes.ts';

describe('the image of a container', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const names: [given: string, full: string][] = [
    ['node', 'docker.io/library/node:latest'],
    ['docker://node:22', 'docker.io/library/node:22'],
    ['acme/app', 'docker.io/acme/app:latest'],
    ['index.docker.io/node', 'docker.io/library/node:latest'],
    ['ghcr.io/acme/app:1.2_x', 'ghcr.io/acme/app:1.2_x'],
    ['localhost/app', 'localhost/app:latest'],
    ['registry:5000/a/b/c', 'registry:5000/a/b/c:latest'],
    [`node@${digest}`, `docker.io/library/node@${digest}`],
    [`node:22@${digest}`, `docker.io/library/node:22@${digest}`],
  ];
  for (const [given, full] of names) {
    it(`${given} has its full name`, () => expect(fullImageName(given)).to.equal(full));
  }

  it('cannot be a file of the machine, an option or an id', () => {
    for (const name of ['/etc', 'oci:/etc', 'docker-archive:/x', '-x', '../x', 'a b', 'x'.repeat(600), 'node:', '@x'])
      expect(() => fullImageName(name), name).to.throw(/is not an image: use name, name:tag/);
    for (const name of ['a'.repeat(64), digest]) {
      expect(() => fullImageName(name), name).to.throw('use its name instead of its id');
    }
    expect(() => fullImageName('ghcr.io/Acme/app')).to.throw('names are in lower case');
  });
});

describe('a port of a container', () => {
  it('may have a port of the machine, a protocol and a range', () => {
    expect(portsOf('80')).to.deep.equal([{ container: 80, protocol: 'tcp' }]);
    expect(portsOf('127.0.0.1:8080:80/TCP')).to.deep.equal([{ container: 80, host: 8080, protocol: 'tcp' }]);
    expect(portsOf('0.0.0.0::53/udp')).to.deep.equal([{ container: 53, protocol: 'udp' }]);
    expect(portsOf('9000-9001:80-81')).to.deep.equal([
      { container: 80, host: 9000, protocol: 'tcp' },
      { container: 81, host: 9001, protocol: 'tcp' },
    ]);
  });

  it('is refused if it is no port, too many at once, or on an address of the machine', () => {
    for (const text of ['', 'http', '0', '70000', '1-2:3', '2-1', '80/sctp', 'x:80']) {
      expect(() => portsOf(text), text).to.throw(/is not a port/);
    }
    expect(() => portsOf('1-60000')).to.throw('a range has at most 1000 ports');
    expect(() => portsOf('192.168.0.1:80:80')).to.throw('names an address of the machine; leave it out');
  });
});

describe('a volume of a container', () => {
  const read = (text: string) => volumeOf(text, ['/work/job/workspace', '/github/workspace']);

  it('is anonymous, named, or a path of the workspace', () => {
    expect(read('/data')).to.deep.equal({ source: { kind: 'anonymous' }, target: '/data', readOnly: false });
    expect(read('/data/:ro')).to.deep.equal({ source: { kind: 'anonymous' }, target: '/data', readOnly: true });
    expect(read('db_data:/data:z,ro').source).to.deep.equal({ kind: 'named', name: 'db_data' });
    expect(read('db_data:/data:z,ro').readOnly).to.equal(true);
    expect(read('/work/job/workspace/a/b:/x').source).to.deep.equal({ kind: 'workspace', path: 'a/b' });
    expect(read('/github/workspace:/x:rw').source).to.deep.equal({ kind: 'workspace', path: '' });
  });

  it('is a path of the machine where it leaves the workspace, also by a detour', () => {
    for (const [path, real] of [
      ['/', '/'],
      ['/var/run/docker.sock', '/var/run/docker.sock'],
      ['/work/job/workspace/../other', '/work/job/other'],
      ['/work/job/workspace-2', '/work/job/workspace-2'],
    ])
      expect(read(`${path}:/x`).source, path).to.deep.equal({ kind: 'machine', path: real });
  });

  it('that is nothing of that is invalid', () => {
    for (const text of ['', '/', 'data', './a:/x', 'a:b', '../x:/y', '/a:/b:/c:ro', '/x:/../']) {
      expect(() => read(text), text).to.throw(/is not a volume/);
    }
    expect(() => read('a1:/x:exec')).to.throw('the setting "exec" is not known');
  });
});

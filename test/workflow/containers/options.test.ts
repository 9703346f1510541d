import { expect } from 'chai';
import { parseOptions, wordsOf } from '../../../src/workflow/containers/options.ts';
import { ContainerProblem } from '../../../src/workflow/containers/problem.ts';

/** What `options` change. */
function changed(text: string): object {
  const {
    options: { machine, ...options },
    ...flags
  } = parseOptions(text);
  const all = Object.entries({ ...flags, ...options, ...machine });
  return Object.fromEntries(all.filter(([, value]) => value !== false && Object.keys(Object(value)).length > 0));
}

/** As `changed`, with single numbers and texts as well. */
function scalars(text: string): object {
  return Object.fromEntries(
    Object.entries(parseOptions(text).options).filter(([, value]) => typeof value !== 'object'),
  );
}

function problem(text: string): string {
  try {
    parseOptions(text);
  } catch (error) {
    if (error instanceof ContainerProblem) return `${error.severity}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('options of a container', () => {
  it('set a health check, with times in milliseconds', () => {
    const text =
      '--health-cmd "pg_isready -U postgres" --health-interval 10s --health-timeout=1m30s\n --health-retries 5 --health-start-period 500ms';
    const health = {
      command: 'pg_isready -U postgres',
      interval: 10_000,
      timeout: 90_000,
      retries: 5,
      startPeriod: 500,
    };
    expect(parseOptions(text).options.health).to.deep.equal(health);
    expect(parseOptions('--no-healthcheck').options.health).to.equal('none');
    expect(parseOptions('--health-interval 0 --health-cmd x').options.health).to.deep.equal({ command: 'x' });
  });

  it('set limits, in bytes, processors and processes', () => {
    const text = '--cpus 1.5 -m 512m --memory-swap=-1 --shm-size 1.5gb --pids-limit 100 --cpu-shares 512';
    expect(scalars(text)).to.deep.equal({
      ...{ readOnly: false, init: false, cpus: 1.5, cpuShares: 512, memory: 536_870_912, memorySwap: -1 },
      ...{ shmSize: 1_610_612_736, pids: 100 },
    });
    expect(changed('--ulimit nofile=1024:4096 --ulimit core=-1')).to.deep.equal({
      ulimits: [
        { name: 'nofile', soft: 1024, hard: 4096 },
        { name: 'core', soft: -1, hard: -1 },
      ],
    });
  });

  it('set user, folder, names, hosts, and file systems in memory', () => {
    expect(scalars('--user node:1000 --workdir /app --hostname my.ci --init --read-only')).to.deep.equal({
      ...{ user: 'node:1000', workdir: '/app', hostname: 'my.ci', init: true, readOnly: true },
    });
    const text =
      '--name db --network-alias sql --add-host api:10.0.0.1 --dns 9.9.9.9 --dns-search example.org --tmpfs /data:size=1g,mode=1777 --tmpfs /tmp --label a=b=c --cap-drop cap_net_raw';
    expect(changed(text)).to.deep.equal({
      ...{ aliases: ['db', 'sql'], hosts: ['api:10.0.0.1'], dns: ['9.9.9.9'], dnsSearch: ['example.org'] },
      reaching: ['the option `--dns`'],
      ...{ tmpfs: { '/data': 'size=1g,mode=1777', '/tmp': '' }, labels: { a: 'b=c' }, capDrop: ['NET_RAW'] },
    });
  });

  it('may give what has a key of its own: environment, ports, volumes and entry point', () => {
    expect(changed("-e A=1 --env 'B=two words' -e=C= -p8080:80 -v cache:/cache:ro --entrypoint /run.sh")).to.deep.equal(
      {
        env: { A: '1', B: 'two words', C: '' },
        ports: [{ container: 80, host: 8080, protocol: 'tcp' }],
        volumes: ['cache:/cache:ro'],
        entrypoint: '/run.sh',
      },
    );
  });

  it('have flags that change nothing for a container of Volt', () => {
    expect(changed('--rm -it --tty=false --security-opt no-new-privileges')).to.deep.equal({});
    const text =
      '--restart on-failure:3 --stop-signal INT --stop-timeout 5 --expose 80 --health-start-interval 1s --restart always';
    expect(changed(text)).to.deep.equal({});
  });

  it('name volumes and file systems in memory in either way', () => {
    const text =
      '--mount type=tmpfs,destination=/data,tmpfs-size=64m --mount type=volume,src=cache,dst=/cache,readonly --mount target=/own --mount type=bind,source=/github/workspace/a,target=/a';
    expect(changed(text)).to.deep.equal({
      tmpfs: { '/data': 'size=67108864' },
      volumes: ['cache:/cache:ro', '/own', '/github/workspace/a:/a'],
    });
    expect(problem('--mount type=npipe,source=x,target=/y')).to.equal(
      'unsupported: "type=npipe,source=x,target=/y": mounts of type "npipe" are not supported',
    );
    expect(problem('--mount type=tmpfs')).to.equal('invalid: "" is not valid: use an absolute path');
  });

  it('that give rights on the machine or another network are refused by name', () => {
    const right = 'is not supported: it would give the job rights on the machine of the runner';
    for (const flag of ['userns=host', 'gpus all', 'pid container:x', 'ipc=shareable'])
      expect(problem(`--cpus 1 --${flag}`)).to.match(
        new RegExp(`^unsupported: the option \`--${flag.split(/[ =]/)[0]}\` ${right}`),
      );
    expect(problem('--security-opt seccomp=unconfined')).to.include(`\`--security-opt\` ${right}`);
    const network = "is not supported: the containers of a job have the job's own network";
    expect(problem('--network host')).to.equal(`unsupported: the option \`--network\` ${network}`);
    expect(problem('-P')).to.equal(`unsupported: the option \`--publish-all\` ${network}`);
    expect(problem('--add-host me:host-gateway')).to.include('containers do not reach the machine');
    expect(problem('--pull always')).to.equal('unsupported: the option `--pull` is not supported');
    expect(problem('--helth-cmd x')).to.include('`--helth-cmd` is not supported; did you mean "health-cmd"?');
  });

  const wrong: [text: string, message: string][] = [
    ['--memory lots', '"lots" is not a size: use a number with a unit, such as 512m or 2g'],
    ['--memory', 'the option `--memory` needs a value'],
    ['--health-interval 10', '"10" is not a time: use numbers with units, such as 10s or 1m30s'],
    ['--restart sometimes', '"sometimes" is not valid: use no, always or on-failure'],
    ['--cpus 0', '"0" must be a number above 0'],
    ['--pids-limit -1', '"-1" must be a whole number of at least 1'],
    ['--init=yes', 'the option `--init` is true or false, not "yes"'],
    ['--env HOME', '"HOME" has no value; use --env NAME=value'],
    ['--label volt.job=1', '"volt.job" is not valid: use name=value; names of Volt begin with "volt."'],
    ['--hostname a_b!', '"a_b!" is not valid: use a host name'],
    ['--user "a b"', '"a b" is not valid: use name, uid, name:group or uid:gid'],
    ['--health-cmd redis-cli ping', '"ping" in `options` is not an option; put values with spaces in quotes'],
    ['--health-cmd "x', 'a quote or an escape is not closed in "--health-cmd "x"'],
  ];
  for (const [text, message] of wrong) {
    it(`with a wrong value are invalid: ${text}`, () => expect(problem(text)).to.equal(`invalid: ${message}`));
  }

  it('have a bounded length', () => {
    expect(problem(`--env A=${'x'.repeat(10_000)}`)).to.match(/has more than 10000 characters$/);
  });

  it('are split into words as by a shell, without expanding anything', () => {
    expect(wordsOf(`a "b c" 'd "e"' f\\ g "h\\"i" $HOME * ""`)).to.deep.equal([
      ...['a', 'b c', 'd "e"', 'f g', 'h"i', '$HOME', '*', ''],
    ]);
  });
});

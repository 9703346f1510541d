import { expect } from 'chai';
import { findEngine } from '../../src/engine/find-engine.ts';
import { podmanService } from '../../src/engine/podman-service.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { asVoltError } from '../../src/kernel/errors.ts';
import { volt } from '../support/cli.ts';
import { engineKind, hasEngine, startEngine, type TestEngine } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';
import { processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';

describe('finding a container engine', () => {
  const folders = new TestFolders();
  let test: TestEngine;
  before(async function () {
    if (!hasEngine()) return this.skip();
    test = await startEngine();
  });
  after(async () => {
    await test?.stop();
    folders.remove();
  });

  const doctor = async (env: Record<string, string>) => {
    const { stdout } = await volt(['doctor', '--json', '--data', folders.make()], { env });
    const { findings } = JSON.parse(stdout) as { findings: { check: string; level: string; message: string }[] };
    return findings.find(({ check }) => check === 'container engine');
  };

  it('uses the socket that VOLT_ENGINE names', async () => {
    const found = await findEngine(loadConfig({ engine: `unix://${test.socket}` }));
    expect(found).to.include({ kind: engineKind, isRootless: process.getuid?.() !== 0 });
    const finding = await doctor({ VOLT_ENGINE: test.socket });
    expect(finding).to.include({ level: 'ok' });
    expect(finding?.message).to.match(
      /^(podman|Docker) \S+, (as|without) root, at \S+; images in \/\S+\/(store|storage), .+ of .+ free$/,
    );
    expect(finding?.message).to.include(found.title);
  });

  it('fails when the named socket does not answer, or is none', async () => {
    const fault = (engine: string) => findEngine(loadConfig({ engine })).catch(asVoltError);
    const absent = `${folders.make()}/engine.sock`;
    expect(await fault(absent))
      .to.include({ code: 'engine_failed' })
      .and.property('message')
      .include(absent);
    expect(await fault('tcp://127.0.0.1:2375'))
      .to.have.property('message')
      .that.includes('not the path of a Unix socket');
    expect(await doctor({ VOLT_ENGINE: absent })).to.include({ level: 'warn' });
  });

  it('starts the service of podman once, and finds it again', async function () {
    if (engineKind !== 'podman') return this.skip();
    const dataDir = folders.make();
    const socket = `${dataDir}/engine/podman.sock`;
    const former = { ...process.env };
    Object.assign(process.env, test.env);
    try {
      const start = () => podmanService('/usr/bin/podman', dataDir);
      const engines = [...(await Promise.all([start(), start()])), await start()];
      expect(engines.map(({ connection }) => connection.socket)).to.deep.equal([socket, socket, socket]);
      expect(processesWith(`unix://${socket}`)).to.have.lengthOf(1);
    } finally {
      for (const name of Object.keys(test.env)) delete process.env[name];
      Object.assign(process.env, former);
      for (const pid of processesWith(`unix://${socket}`)) process.kill(pid, 'SIGKILL');
      await until('the service has ended', () => processesWith(`unix://${socket}`).length === 0);
    }
  });
});

import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/kernel/config.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { VoltError } from '../../src/kernel/errors.ts';
import { ensureToken } from '../../src/web/access/main-token.ts';
import { urlOf } from '../../src/web/http/addresses.ts';
import { startWeb } from '../../src/web/start.ts';
import { job, Site } from './site.ts';
import { EventReader } from './sse.ts';

describe('web: starting and stopping', () => {
  describe('the token', () => {
    let dataDir: string;
    beforeEach(() => {
      dataDir = mkdtempSync(join(tmpdir(), 'volt-token-'));
    });
    afterEach(() => rmSync(dataDir, { recursive: true }));

    it('is created once from 32 random bytes, readable by its owner only', () => {
      const config = loadConfig({ dataDir: join(dataDir, 'new') });
      const token = ensureToken(config);
      expect(token).to.match(/^[0-9a-f]{64}$/);
      expect(ensureToken(config)).to.equal(token);
      const file = dataPaths(config.dataDir).token;
      expect(readFileSync(file, 'utf8').trim()).to.equal(token);
      expect(statSync(file).mode & 0o777).to.equal(0o600);
      expect(readdirSync(config.dataDir)).to.deep.equal(['token']);
    });

    it('is VOLT_TOKEN if that is set', () => {
      const config = loadConfig({ dataDir, token: 'chosen-by-the-operator' });
      expect(ensureToken(config)).to.equal('chosen-by-the-operator');
      expect(existsSync(dataPaths(dataDir).token)).to.equal(false);
    });

    it('is created again if a crash left an empty file', () => {
      const config = loadConfig({ dataDir });
      writeFileSync(dataPaths(dataDir).token, '');
      expect(ensureToken(config)).to.match(/^[0-9a-f]{64}$/);
      expect(ensureToken(config)).to.equal(ensureToken(config));
    });

    it('that cannot be stored is an error with a remedy', () => {
      writeFileSync(join(dataDir, 'file'), '');
      const config = loadConfig({ dataDir: join(dataDir, 'file') });
      expect(() => ensureToken(config))
        .to.throw(VoltError)
        .with.property('code', 'data_unwritable');
    });
  });

  describe('the address', () => {
    it('is in the data directory while the stage runs, readable by its owner only', async () => {
      const site = await Site.start();
      const file = dataPaths(site.context.config.dataDir).webUrl;
      try {
        expect(readFileSync(file, 'utf8')).to.equal(`${site.url}\n`);
        expect(statSync(file).mode & 0o777).to.equal(0o600);
        await site.stopWeb();
        expect(existsSync(file)).to.equal(false);
      } finally {
        await site.stop();
      }
    });

    it('of a stage that started later stays when the earlier one stops', async () => {
      const site = await Site.start();
      const file = dataPaths(site.context.config.dataDir).webUrl;
      const later = await startWeb(site.context, { host: '127.0.0.1', port: 0 });
      try {
        await site.stopWeb();
        expect(readFileSync(file, 'utf8')).to.equal(`${later.url}\n`);
      } finally {
        await later.stop();
        await site.stop();
      }
    });

    it('can be reached from this machine', () => {
      expect(urlOf('0.0.0.0', 1)).to.equal('http://127.0.0.1:1');
      expect(urlOf('::', 1)).to.equal('http://[::1]:1');
      expect(urlOf('192.0.2.7', 1)).to.equal('http://192.0.2.7:1');
    });

    for (const address of ['127.0.0.1', '::1']) {
      it(`that another process uses at ${address} is an error with a remedy`, async function () {
        const other = createServer().listen(0, address);
        // a machine without IPv6 has only one of them
        const listens = await once(other, 'listening').then(
          () => true,
          () => false,
        );
        if (!listens) return this.skip();
        const site = await Site.start();
        const { port } = other.address() as { port: number };
        try {
          const error = await startWeb(site.context, { host: '127.0.0.1', port }).then(
            () => undefined,
            (thrown) => thrown,
          );
          expect(error).to.be.instanceOf(VoltError);
          expect(error).to.include({ code: 'port_in_use' });
          expect(error.message).to.include(`${address === '::1' ? '[::1]' : address}:${port}`);
          expect(error.remedy).to.include('--port');
        } finally {
          other.close();
          await site.stop();
        }
      });
    }
  });

  it('the stage stops although streams are open and clients do not read', async () => {
    const site = await Site.start();
    await site.repository('sample');
    const id = job(await site.build('sample'));
    await site.begin({ job: id, attempt: 1 });
    await site.appendLog({ job: id, attempt: 1 }, Buffer.alloc(20_000_000, 'x\n'));
    const events = await EventReader.open(`${site.url}/api/v1/events`);
    const { hostname, port } = new URL(site.url);
    const lazy = connect(Number(port), hostname);
    lazy.on('error', () => undefined);
    lazy.write(`GET /api/v1/jobs/${id}/log?follow=1 HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    await once(lazy, 'readable');
    await site.stopWeb();
    expect(await events.next()).to.equal(undefined);
    lazy.destroy();
    await site.stop();
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { JobId } from '../../src/kernel/model.ts';
import type { RedisConnection } from '../../src/redis/connect.ts';
import { dropChunks, largestChunk, type ReceivedChunk, receiveChunks } from '../../src/redis/logs.ts';
import { LogSender } from '../../src/runner/log-sender.ts';
import { Spool } from '../../src/runner/spool.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { TestFolders } from '../support/folder.ts';
import { stranger } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';

const megabyte = 1_048_576;
/** What may be under way without acknowledgement. */
const window = 4 * megabyte;

describe('sending a log', () => {
  const folders = new TestFolders();
  let test: TestAccess;
  let blocking: RedisConnection;
  let spool: Spool;
  let sender: LogSender;

  before(async () => {
    test = await startAccess();
    blocking = test.access.open('blocking');
  });

  beforeEach(async () => {
    await test.access.client.flushall();
    spool = await Spool.create(folders.make(), { job: '1-1' as JobId, attempt: 1 }, 1000 * megabyte);
    sender = new LogSender(test.access, 'box~1', spool, { signer: stranger() });
  });

  afterEach(async () => {
    await sender.stop();
    await spool.close();
  });

  after(async () => {
    blocking.disconnect();
    await test.stop();
    folders.remove();
  });

  const receive = (block = 5000) => receiveChunks(test.access, blocking, 'archive', block).then(({ chunks }) => chunks);

  async function append(...pieces: Buffer[]): Promise<void> {
    for (const piece of pieces) await spool.append(piece);
    await spool.settle();
  }

  /** Takes chunks until so many bytes have come, dropping them from the stream. */
  async function take(bytes: number) {
    const taken: ReceivedChunk[] = [];
    let length = 0;
    while (length < bytes) {
      const chunks = await until('the next chunks', async () => {
        const received = await receive();
        return received.length > 0 && received;
      });
      taken.push(...chunks);
      length += chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      await dropChunks(
        test.access,
        chunks.map(({ entry }) => entry),
      );
    }
    return { taken, length };
  }

  it('sends each chunk with its position, its attempt and the runner that gets the acknowledgement', async () => {
    await append(Buffer.from('what was said'));
    const [chunk] = await receive();
    expect(chunk).to.include({ job: '1-1', attempt: 1, runner: 'box~1', offset: 0 });
    expect(chunk?.data?.toString()).to.equal('what was said');
  });

  it('sends all of a large log in order while chunks are acknowledged', async () => {
    const expected = createHash('sha256');
    const writing = (async () => {
      for (let count = 0; count < 40; count++) {
        const piece = randomBytes(megabyte / 2);
        expected.update(piece);
        await append(piece);
      }
      sender.end();
    })();
    const found = createHash('sha256');
    let archived = 0;
    while (archived < 20 * megabyte) {
      for (const { offset, data = Buffer.alloc(0) } of (await take(1)).taken) {
        expect(offset).to.equal(archived);
        found.update(data);
        archived += data.length;
        sender.acknowledge(archived, false);
      }
    }
    await writing;
    expect(found.digest('hex')).to.equal(expected.digest('hex'));
    expect(await receive(1)).to.deep.equal([]);
  });

  it('sends no more unacknowledged bytes than its window', async () => {
    sender.acknowledge(0, false);
    await append(Buffer.alloc(10 * megabyte, 'a'));
    const { length } = await take(window);
    expect(length).to.equal(window);
    expect(await receive(50)).to.deep.equal([]);
    sender.acknowledge(megabyte);
    const more = await take(megabyte);
    expect(more.length).to.equal(megabyte);
    expect(more.taken[0]?.offset).to.equal(window);
    expect(await receive(50)).to.deep.equal([]);
  });

  it('waits after the first chunk until it knows whether the reporter sees the spool', async () => {
    await append(Buffer.alloc(megabyte, 'a'));
    const { taken } = await take(largestChunk);
    expect(taken).to.have.length(1);
    expect(taken[0]).to.include({ offset: 0, length: largestChunk, spool: spool.identity });
    expect(await receive(50)).to.deep.equal([]);
    sender.acknowledge(largestChunk, false);
    const rest = await take(megabyte - largestChunk);
    expect(rest.taken.every(({ data, spool: asked }) => data !== undefined && asked === undefined)).to.equal(true);
  });

  it('sends chunks without bytes while the reporter sees the spool, and with bytes once one does not', async () => {
    const content = randomBytes(3 * megabyte);
    await append(content);
    await take(largestChunk);
    sender.acknowledge(largestChunk, true);
    const { taken } = await take(content.length - largestChunk);
    expect(taken.some(({ data }) => data !== undefined)).to.equal(false);
    expect(taken.map(({ offset }) => offset)).to.deep.equal([largestChunk]);
    sender.acknowledge(largestChunk + megabyte, false);
    const again = await take(content.length - largestChunk - megabyte);
    const sent = Buffer.concat(again.taken.map(({ data }) => data ?? Buffer.alloc(0)));
    expect(sent.equals(content.subarray(largestChunk + megabyte))).to.equal(true);
  });

  it('sends nothing if a reporter that sees the spool has taken everything in the meantime', async () => {
    await append(randomBytes(1000));
    await take(1000);
    sender.acknowledge(1000, true);
    await append(randomBytes(100));
    sender.acknowledge(1100, true);
    expect(await receiveChunks(test.access, blocking, 'archive', 300)).to.deep.equal({ chunks: [], strange: [] });
    await append(randomBytes(1));
    const { taken } = await take(1);
    expect(taken.map(({ offset, length }) => ({ offset, length }))).to.deep.equal([{ offset: 1100, length: 1 }]);
  });

  it('sends bytes again that it only named and nobody acknowledged', async () => {
    await append(Buffer.alloc(megabyte, 'a'));
    await take(largestChunk);
    sender.acknowledge(largestChunk, true);
    await take(megabyte - largestChunk);
    const { taken } = await take(megabyte - largestChunk);
    expect(taken.every(({ data }) => data !== undefined)).to.equal(true);
  });

  it('sends lost chunks again from the end of the archive, but none that Redis still has', async () => {
    const { client } = test.access;
    const looked = async () => Number(/cmdstat_xrange:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
    const before = await looked();
    const held = await Spool.create(folders.make(), { job: '2-1' as JobId, attempt: 1 }, megabyte);
    const other = new LogSender(test.access, 'box~1', held, { signer: stranger() });
    sender.acknowledge(0, false);
    await append(Buffer.alloc(megabyte, 'a'), Buffer.alloc(megabyte, 'b'));
    await take(2 * megabyte);
    sender.acknowledge(megabyte);
    await held.append(Buffer.from('nobody has come to archive it yet'));
    const again: ReceivedChunk[] = [];
    await until('what was lost comes again', async () => {
      again.push(...(await receive(50)));
      const bytes = again.filter(({ job }) => job === '1-1').reduce((sum, { length }) => sum + length, 0);
      return bytes >= megabyte;
    });
    await until('the other has looked whether its chunk is still there', async () => (await looked()) > before);
    again.push(...(await receive(1)));
    const lost = again.filter(({ job }) => job === '1-1');
    expect(lost[0]?.offset).to.equal(megabyte);
    expect(Buffer.concat(lost.map(({ data }) => data ?? Buffer.alloc(0))).equals(Buffer.alloc(megabyte, 'b'))).to.equal(
      true,
    );
    expect(again.filter(({ job }) => job === '2-1')).to.have.length(1);
    await other.stop();
    await held.close();
  });

  it('ignores an acknowledgement that comes late', async () => {
    sender.acknowledge(0, false);
    await append(Buffer.alloc(megabyte, 'a'));
    await take(megabyte);
    sender.acknowledge(megabyte);
    sender.acknowledge(1000);
    await append(Buffer.from('more'));
    const { taken } = await take(4);
    expect(taken.map(({ offset, data }) => [offset, data?.toString()])).to.deep.equal([[megabyte, 'more']]);
  });

  it('begins at the end of the archive after a restart', async () => {
    sender.acknowledge(7);
    await append(Buffer.from('before '), Buffer.from('after'));
    sender.end();
    const { taken } = await take(5);
    expect(taken.map(({ offset, data }) => [offset, data?.toString()])).to.deep.equal([[7, 'after']]);
  });

  it('collects small pieces, and does not wait for more at the end', async () => {
    for (let count = 0; count < 200; count++) void spool.append(Buffer.from('x'));
    await spool.settle();
    sender.end();
    const { taken } = await take(200);
    expect(taken.length).to.be.below(20);
  });

  it('goes on after Redis refused chunks for a while', async () => {
    const { client } = test.access;
    const refused = async () => /errorstat_OOM:count=(\d+)/.exec(await client.info('errorstats'))?.[1];
    await client.config('SET', 'maxmemory', '1');
    await append(Buffer.from('what was said'));
    await until('it was refused', refused);
    await client.config('SET', 'maxmemory', '0');
    const { taken } = await take(13);
    expect(taken.map(({ data }) => data?.toString())).to.deep.equal(['what was said']);
  });

  it('goes on after Redis was down', async () => {
    await test.redis.kill();
    await append(Buffer.from('what was said'));
    await test.redis.start();
    const { taken } = await take(13);
    expect(
      Buffer.concat(taken.map(({ data }) => data ?? Buffer.alloc(0)))
        .subarray(0, 13)
        .toString(),
    ).to.equal('what was said');
  });

  it('stops at once, however much is left', async () => {
    await append(Buffer.alloc(10 * megabyte));
    await sender.stop();
    await sender.stop();
  });
});

import { expect } from 'chai';
import { voltServers } from '../../src/kernel/volt-servers.ts';

describe('the servers of Volt that no job may reach', () => {
  const hosts = (settings: Parameters<typeof voltServers>[0]) => voltServers(settings).map(({ host }) => host);

  for (const [redisUrl, expected] of [
    ['redis://:secret@Redis.example:6380/1', ['redis.example']],
    ['rediss://volt:se:c@ret@10.0.0.5', ['10.0.0.5']],
    ['redis://[fd00::5]:6379', ['fd00::5']],
    ['redis+sentinel://:p@one:26379,two,10.0.0.7:26380/main/0', ['one', 'two', '10.0.0.7']],
    ['redis+unix://:secret@/run/redis.sock?db=1', []],
  ] as const)
    it(`are those of ${redisUrl}`, () => {
      expect(hosts({ redisUrl, databaseUrl: undefined, url: undefined })).to.deep.equal(expected);
    });

  for (const [databaseUrl, expected] of [
    ['postgres://volt:secret@db.example/volt?sslmode=require', ['db.example']],
    ['postgresql://volt@db.example:5433/volt?host=10.0.0.8', ['db.example', '10.0.0.8']],
    ['postgres:///volt?host=/run/postgresql', []],
    ['sqlite:/srv/volt.db', []],
  ] as const)
    it(`are those of ${databaseUrl}`, () => {
      expect(hosts({ redisUrl: undefined, databaseUrl, url: undefined })).to.deep.equal(expected);
    });

  it('include the address of the dashboard, which may be a shared host', () => {
    expect(voltServers({ redisUrl: undefined, databaseUrl: undefined, url: 'https://ci.example/volt' })).to.deep.equal([
      { host: 'ci.example', isShared: true },
    ]);
  });
});

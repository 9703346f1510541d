import { expect } from 'chai';
import { parseRedisUrl, type RedisAddress, withoutPassword } from '../../src/redis/url.ts';
import { failure } from '../support/failure.ts';

describe("a Redis server's address", () => {
  const forms: Record<string, RedisAddress> = {
    'redis://box': { host: 'box', port: 6379 },
    'redis://box:7000/3': { host: 'box', port: 7000, db: 3 },
    'redis://:secret@box': { host: 'box', port: 6379, password: 'secret' },
    'redis://volt:p%40ss%3Aword@box:7000': { host: 'box', port: 7000, username: 'volt', password: 'p@ss:word' },
    'redis://[::1]:7000': { host: '::1', port: 7000 },
    'rediss://box': { host: 'box', port: 6379, tls: {} },
    'redis+unix:///run/volt/redis.sock': { path: '/run/volt/redis.sock' },
    'redis+unix://volt:p%40ss@/run/a%20b/r.sock?db=2': {
      path: '/run/a b/r.sock',
      username: 'volt',
      password: 'p@ss',
      db: 2,
    },
    'rediss://box?ca=/etc/ca.pem': { host: 'box', port: 6379, tls: { ca: '/etc/ca.pem' } },
    'rediss://box/1?cert=c%26.pem&key=k.pem': { host: 'box', port: 6379, db: 1, tls: { cert: 'c&.pem', key: 'k.pem' } },
    'redis+sentinel://a:1,b:2/main': {
      sentinels: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      name: 'main',
    },
    'redis+sentinel://:secret@a/main/2': {
      sentinels: [{ host: 'a', port: 26379 }],
      name: 'main',
      password: 'secret',
      sentinelPassword: 'secret',
      db: 2,
    },
    'redis+sentinel://volt:p%40ss:word@a,b:7/main': {
      sentinels: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 7 },
      ],
      name: 'main',
      username: 'volt',
      password: 'p@ss:word',
      sentinelPassword: 'p@ss:word',
    },
  };
  for (const [text, address] of Object.entries(forms)) {
    it(`is accepted as ${text}`, () => {
      expect(parseRedisUrl(text)).to.deep.equal(address);
    });
  }

  const wrong = [
    '',
    'box',
    'box:6379',
    'http://box:6379',
    'redis:',
    'redis://',
    'redis:///0',
    'redis://box:port',
    'redis://box:70000',
    'redis://box/db',
    'redis://box/0/1',
    'redis://box?ca=/etc/ca.pem',
    'rediss://box?tls=no',
    'rediss://box?ca=',
    'rediss://box?cert=/etc/cert.pem',
    'redis+sentinel://a/main?ca=/etc/ca.pem',
    'redis+unix://',
    'redis+unix://host/path',
    'redis+sentinel://a:1',
    'redis+sentinel://a:1/',
    'redis+sentinel://a:port/main',
    'redis+sentinel://a:70000/main',
    'redis+sentinel://,/main',
    'unix:///tmp/redis.sock',
    'redis://:%E0%A4%A@box',
    'redis+sentinel://:%E0%A4%A@a/main',
  ];
  for (const text of wrong) {
    it(`is refused as ${JSON.stringify(text)}`, async () => {
      const error = await failure('bad_url', () => parseRedisUrl(text));
      expect(error.remedy).to.include('redis://');
    });
  }

  it('is shown without its password, also when it is wrong', async () => {
    const error = await failure('bad_url', () => parseRedisUrl('http://volt:secret@box'));
    expect(error.message).to.include('box').and.not.include('secret');
    const unescaped = await failure('bad_url', () => parseRedisUrl('redis://:secret/with@signs@box'));
    expect(unescaped.message).to.include('box').and.not.include('secret').and.not.include('signs');
    for (const url of [
      'redis://:secret@box:1/0',
      'rediss://volt:secret@box',
      'redis+sentinel://:secret@a:1,b:2/main',
    ]) {
      expect(withoutPassword(url)).to.not.include('secret');
    }
    expect(withoutPassword('redis://box:1')).to.equal('redis://box:1');
  });
});

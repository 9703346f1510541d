import { expect } from 'chai';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { signingIdTokenKey } from '../../src/record/id-token-keys.ts';
import { signIdToken } from '../../src/secrets/id-token.ts';
import { Site } from './site.ts';

describe('web: the issuer of ID tokens', () => {
  let site: Site;
  afterEach(() => site.stop());

  it('tells anybody where its keys are, and the keys verify its tokens', async () => {
    site = await Site.start({ url: 'https://ci.example.org/', reading: 'token' });
    const { database, config } = site.context;
    const key = await signingIdTokenKey(database, config);
    const answer = await site.fetch('/.well-known/openid-configuration');
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('cache-control')).to.equal('public, max-age=600');
    expect(await answer.json()).to.include({
      ...{ issuer: 'https://ci.example.org', jwks_uri: 'https://ci.example.org/.well-known/jwks' },
    });
    const claims = { iss: 'https://ci.example.org', sub: 'repo:acme/app:ref:refs/heads/main', aud: 'x', jti: '1' };
    const token = await signIdToken(claims, key, Date.now());
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks', site.url));
    const { payload } = await jwtVerify(token, keys, { issuer: 'https://ci.example.org', audience: 'x' });
    expect(payload).to.include(claims);
    expect(await (await site.fetch('/.well-known/jwks')).text()).to.not.match(/"(d|p|q)":/);
  });

  it('is not there without an address of its own', async () => {
    site = await Site.start();
    const answer = await site.fetch('/.well-known/openid-configuration');
    expect(answer.status).to.equal(404);
    expect(await answer.text()).to.include('VOLT_URL');
    expect(await site.json('/.well-known/jwks')).to.deep.equal({ keys: [] });
  });
});

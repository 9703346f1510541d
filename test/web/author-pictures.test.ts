import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { Site } from './site.ts';

describe('web: pictures of authors', () => {
  it('are shown only where a setting says where they are, and lead there by the hash of the address', async () => {
    const site = await Site.start({ authorPictures: 'https://pictures.example.org/{hash}?d=404' });
    try {
      await site.repository('app');
      const id = await site.build('app', { author: 'Ada', authorAddress: 'Ada@example.org' });
      const page = await site.fetch(`/builds/${id}`);
      expect(await page.text())
        .to.include(`src="/avatars/${id}"`)
        .and.not.include('example.org');
      expect(page.headers.get('content-security-policy')).to.include("img-src 'self' https://pictures.example.org");
      const picture = await site.fetch(`/avatars/${id}`);
      const hash = createHash('sha256').update('ada@example.org').digest('hex');
      expect(picture.headers.get('location')).to.equal(`https://pictures.example.org/${hash}?d=404`);
      const unknown = await site.build('app', { author: 'Ada' });
      expect((await site.fetch(`/avatars/${unknown}`)).status).to.equal(404);
    } finally {
      await site.stop();
    }
  });

  it('are not there by default', async () => {
    const site = await Site.start();
    try {
      await site.repository('app');
      const id = await site.build('app', { authorAddress: 'ada@example.org' });
      const page = await site.fetch(`/builds/${id}`);
      expect(await page.text()).to.not.include('/avatars/');
      expect(page.headers.get('content-security-policy')).to.match(/img-src 'self'(;|$)/);
      expect((await site.fetch(`/avatars/${id}`)).status).to.equal(404);
    } finally {
      await site.stop();
    }
  });
});

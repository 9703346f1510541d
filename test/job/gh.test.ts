import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { TestJobs } from '../support/job.ts';
import { ownCertificate } from '../support/own-certificate.ts';

describe("the token of a job, used by GitHub's program gh", () => {
  const jobs = new TestJobs();
  const asked: { method: string | undefined; path: string | undefined; token: string | undefined; body: string }[] = [];
  let server: Server;
  let authority: string;

  before(async function () {
    try {
      execFileSync('gh', ['--version'], { stdio: 'ignore' });
    } catch {
      return this.skip();
    }
    authority = join(jobs.folders.make(), 'authority.pem');
    writeFileSync(authority, ownCertificate.cert);
    server = createServer(ownCertificate, async (request, answer) => {
      const { method, url: path, headers } = request;
      asked.push({ method, path, token: headers.authorization, body: await text(request) });
      answer.writeHead(201, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ html_url: 'https://forge.example/release', tag_name: 'v1' }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(async () => {
    server?.close();
    server?.closeAllConnections();
    await jobs.clean();
    jobs.folders.remove();
  });

  it('makes a release at a GitHub Enterprise Server, whose addresses the job knows', async () => {
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const forge = { server: `https://${host}`, api: `https://${host}/api/v3`, graphql: '', project: 'acme/app' };
    const { outcome, log } = await jobs.run(
      `
- run: |
    gh release create v1 --notes "made by $GITHUB_REPOSITORY" --repo "\${GITHUB_SERVER_URL#https://}/$GITHUB_REPOSITORY"
  env:
    GH_ENTERPRISE_TOKEN: \${{ github.token }}
    SSL_CERT_FILE: ${authority}
    GH_CONFIG_DIR: \${{ runner.temp }}
    NO_PROXY: 127.0.0.1
- run: |
    curl --silent --fail --cacert ${authority} --noproxy '*' -X POST -H "Authorization: token \${{ secrets.GITHUB_TOKEN }}" "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/dispatches"
`,
      {
        facts: { forge },
        around: { secrets: async () => ({ values: { GITHUB_TOKEN: 'token-for-jobs' }, withheld: null }) },
      },
    );
    expect(outcome.status, log).to.equal('success');
    expect(asked.map(({ method, path, token }) => [method, path, token])).to.deep.equal([
      ['POST', '/api/v3/repos/acme/app/releases', 'token token-for-jobs'],
      ['POST', '/api/v3/repos/acme/app/dispatches', 'token token-for-jobs'],
    ]);
    expect(asked[0]?.body).to.include('made by acme/app');
    expect(log).to.include('https://forge.example/release').and.not.include('token-for-jobs');
  });
});

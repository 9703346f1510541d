import { expect } from 'chai';
import type { BuildId } from '../../src/kernel/model.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { bodyOf, job, Site } from './site.ts';

describe('web: a job that waits for approval', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    await site.runner('r1');
  });
  after(() => site.stop());

  /** A build of which jobs wait for approval. */
  async function waiting(count = 1): Promise<BuildId> {
    const names = Array.from({ length: count }, (_, index) => ({ name: `deploy ${index}`, needs: ['test'] }));
    const id = await site.build('app', {}, [{}, ...names]);
    await site.finish({ job: job(id), attempt: 1 });
    for (const index of names.keys()) await site.askApproval(id, job(id, index + 2));
    return id;
  }
  const approvalOf = async (id: BuildId, position = 2) =>
    (await site.json(`/api/v1/builds/${id}`)).jobs[position - 1].approval;
  const audited = async () => {
    const [newest] = await listActions(site.context.database, { limit: 1 });
    return [newest?.actor, newest?.action, newest?.target];
  };

  it('is approved or declined alone by the API, with a comment, and the audit log says who did it', async () => {
    const id = await waiting(2);
    const declined = await site.post(`/api/v1/jobs/${job(id, 2)}/approve`, { decline: true, comment: ' not now ' });
    expect(await bodyOf(declined)).to.deep.equal({ jobs: [job(id, 2)] });
    expect(await audited()).to.deep.equal(['owner', 'jobs.decline', job(id, 2)]);
    expect(await approvalOf(id)).to.include({ decision: 'declined', by: 'owner', comment: 'not now' });
    expect(await approvalOf(id, 3)).to.include({ decision: null, by: null });
    await site.post(`/api/v1/jobs/${job(id, 3)}/approve`);
    expect(await audited()).to.deep.equal(['owner', 'jobs.approve', job(id, 3)]);
    expect(await approvalOf(id, 3)).to.include({ decision: 'approved', comment: null });
    expect((await site.post(`/api/v1/jobs/${job(id, 2)}/approve`)).status).to.equal(409);
  });

  it('is approved with the others of its build, and with no other build', async () => {
    const [id, other] = [await waiting(2), await waiting()];
    expect(await bodyOf(await site.post(`/api/v1/builds/${id}/approve`))).to.deep.equal({
      jobs: [job(id, 2), job(id, 3)],
    });
    expect(await approvalOf(other)).to.include({ decision: null });
    const again = await site.post(`/api/v1/builds/${id}/approve`);
    expect((await bodyOf(again)).error.code).to.equal('conflict');
  });

  it('is not approved by the button for all of a page that did not show it yet', async () => {
    const id = await waiting(2);
    const cookie = await site.signIn();
    const [, form = ''] = (await site.page(`/builds/${id}`, { cookie })).split(`action="/builds/${id}/approve"`);
    const shown = [...form.slice(0, form.indexOf('</form>')).matchAll(/name="job" value="([^"]+)"/g)];
    expect(shown.map(([, each]) => each)).to.deep.equal([job(id, 2), job(id, 3)]);
    const body = new URLSearchParams([
      ['decline', '0'],
      ['job', job(id, 2)],
    ]);
    const headers = { cookie, origin: site.privateUrl };
    expect((await site.ask(`/builds/${id}/approve`, { method: 'POST', body, headers })).status).to.equal(303);
    expect(await approvalOf(id, 2)).to.include({ decision: 'approved' });
    expect(await approvalOf(id, 3)).to.include({ decision: null });
  });

  it('cannot be approved without a token, with one that only reads, or with one for another repository', async () => {
    const id = await waiting();
    await site.repository('other');
    const made = async (body: object) => (await bodyOf(await site.post('/api/v1/tokens', body))).token;
    const tokens = [
      await made({ name: 'reads', role: 'read' }),
      await made({ name: 'other', repos: ['other'], role: 'approve' }),
    ];
    for (const [token, status] of [
      [undefined, 401],
      [tokens[0], 403],
      [tokens[1], 403],
    ] as const) {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      for (const path of [`builds/${id}`, `jobs/${job(id, 2)}`]) {
        const answer = await site.fetch(`/api/v1/${path}/approve`, { method: 'POST', headers, body: '{}' });
        expect(answer.status, `${token} ${path}`).to.equal(status);
      }
    }
    expect(await approvalOf(id)).to.include({ decision: null });
  });

  it('has buttons on the page of its build for people who may, which work without a script', async () => {
    const id = await waiting();
    const cookie = await site.signIn();
    expect(await site.page(`/builds/${id}`))
      .to.include('Waiting for approval.')
      .and.include('approve or cancel');
    const page = await site.page(`/builds/${id}`, { cookie });
    expect(page)
      .to.include(`action="/jobs/${job(id, 2)}/approve"`)
      .and.include(`action="/builds/${id}/approve"`);
    const press = (headers: { [name: string]: string }) =>
      site.ask(`/jobs/${job(id, 2)}/approve`, {
        method: 'POST',
        body: new URLSearchParams({ decline: '1' }),
        headers: { cookie, ...headers },
      });
    expect((await press({ origin: 'https://evil.example' })).status).to.equal(401);
    expect(await approvalOf(id)).to.include({ decision: null });
    expect((await press({ origin: site.privateUrl })).status).to.equal(303);
    expect(await approvalOf(id)).to.include({ decision: 'declined', by: 'owner' });
    expect(await audited()).to.deep.equal(['owner', 'jobs.decline', job(id, 2)]);
    expect(await site.page(`/builds/${id}?job=${job(id, 2)}`)).to.match(/Declined by owner, <time [^>]*>\d{4}-/);
  });

  it('may be a whole build of a pull request, whose changes are shown as text', async () => {
    const diff =
      '@@ -1 +1 @@\n-on: push\n+on: pull_request # </pre><script>alert(2)</script> ${{ secrets.KEY }} $(id)\n';
    const files = [{ path: '.github/workflows/<b>ci</b>.yml', status: 'changed' as const, diff }];
    const id = await site.askForBuild('app', { files, more: 3 });
    expect(await site.json(`/api/v1/builds/${id}`)).to.include({ status: 'waiting', reason: 'approval_required' });
    expect(await site.json(`/api/v1/builds/${id}/approval`)).to.deep.equal({ digest: 'a'.repeat(64), files, more: 3 });
    const page = await site.page(`/builds/${id}`);
    expect(page).to.include('Waiting for approval.').and.include('3 more files differ').and.include('$(id)');
    expect(page).to.not.include('<script>alert').and.not.include('<b>ci</b>');
    expect(page).to.not.include('Log of');
    // a person passes the changes on the way to the button
    const signedIn = await site.page(`/builds/${id}`, { cookie: await site.signIn() });
    const [above = '', below = ''] = signedIn.split('id="decide"');
    expect(above).to.include('$(id)').and.not.include(`action="/builds/${id}/approve"`);
    expect(below).to.include(`action="/builds/${id}/approve"`);
    await site.post(`/api/v1/builds/${id}/approve`, { comment: 'looks well' });
    expect((await site.json(`/api/v1/builds/${id}`)).approval).to.include({ decision: 'approved', by: 'owner' });
    expect(await site.page(`/builds/${id}`)).to.match(/Approved by owner, <time [^>]*>\d{4}-[^<]*<\/time>: looks well/);
    expect((await site.fetch(`/api/v1/builds/${await waiting()}/approval`)).status).to.equal(404);
  });

  it('is counted by the status', async () => {
    const { count } = (await site.json('/api/v1/status')).approvals;
    const id = await waiting();
    const { approvals } = await site.json('/api/v1/status');
    expect(approvals.count).to.equal(count + 1);
    expect(approvals.oldest).to.include({ repo: 'app' });
    await site.post(`/api/v1/builds/${id}/cancel`);
  });

  it('shows a hostile name, comment and address as text', async () => {
    const id = await site.build('app', {}, [{}, { name: 'deploy', needs: ['test'] }]);
    await site.askApproval(id, job(id, 2), '<b>x</b>"${{ secrets.KEY }}"');
    await site.post(`/api/v1/jobs/${job(id, 2)}/approve`, { comment: '</p><script>alert(1)</script>\r\nX: y' });
    const page = await site.page(`/builds/${id}?job=${job(id, 2)}`);
    expect(page).to.not.include('<script>alert').and.not.include('<b>x</b>');
    expect(page).to.include('&lt;script&gt;alert(1)');
  });
});

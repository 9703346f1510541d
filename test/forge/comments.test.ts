import { expect } from 'chai';
import type { ForgeComments } from '../../src/forge/comments/comments.ts';
import { forgeAt } from '../../src/forge/kinds.ts';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import { accountOf, fakeComment } from '../support/fake-comments.ts';
import { FakeForge } from '../support/fake-forge.ts';

const kinds: ForgeKind[] = ['github', 'gitea', 'forgejo', 'gitlab', 'bitbucket', 'bitbucket-dc', 'pagure'];
const project = 'acme/app';

describe('comments on pull requests', () => {
  let fake: FakeForge;
  afterEach(() => fake.stop());

  const at = async (kind: ForgeKind): Promise<ForgeComments> => {
    fake = await FakeForge.start(kind);
    const { comments } = forgeAt({ kind, api: fake.api, token: fake.token });
    return comments ?? expect.fail('it knows none');
  };

  for (const kind of kinds) {
    it(`are read at ${kind}, with who has written them, and whether they were edited`, async () => {
      const comments = await at(kind);
      const own = fakeComment({ text: '/volt retry' });
      const { id, number, createdAt } = own;
      fake.comments = [own];
      const read = await comments.read(project, { number, id });
      const { text, author } = read ?? {};
      expect([text, author?.name, read?.isEdited, read?.createdAt]).to.deep.equal([
        ...['/volt retry', 'ada', false, createdAt],
      ]);
      fake.comments = [{ ...own, updatedAt: createdAt + 60_000 }];
      expect((await comments.read(project, { number, id }))?.isEdited).to.equal(true);
    });

    it(`of another pull request are not taken for one of this at ${kind}`, async () => {
      const comments = await at(kind);
      const own = fakeComment({ text: '/volt retry', number: 8 });
      fake.comments = [own];
      if (kind === 'pagure') fake.comments = [];
      expect(await comments.read(project, { number: 7, id: own.id })).to.equal(undefined);
      expect(await comments.read(project, { number: 8, id: own.id + 1 })).to.equal(undefined);
    });

    it(`are by somebody of whom ${kind} tells whether he may write`, async () => {
      const comments = await at(kind);
      fake.writers = ['owner', 'ada'];
      const person = (name: string) => {
        const { id, uuid } = accountOf(name);
        const known = { bitbucket: uuid, 'bitbucket-dc': null, pagure: null }[kind as string];
        return { name, id: known === undefined ? String(id) : known };
      };
      expect(await comments.mayWrite(project, person('ada'))).to.equal(true);
      for (const name of ['reader', 'ad', 'ada-admin', 'ada"', '../ada'])
        expect(await comments.mayWrite(project, person(name)), name).to.equal(false);
    });

    it(`are written at ${kind}`, async () => {
      const comments = await at(kind);
      await comments.write(project, 7, 'The head has moved.');
      expect(fake.answers).to.deep.equal([{ number: 7, text: 'The head has moved.' }]);
    });
  }

  it('are by nobody who may write where an account was renamed and another has its name', async () => {
    const comments = await at('github');
    fake.writers = ['ada'];
    expect(await comments.mayWrite(project, { name: 'ada', id: '1' })).to.equal(false);
    expect(await comments.mayWrite(project, { name: 'ada', id: null })).to.equal(false);
  });

  it('are not those that GitLab and Pagure write about what has happened', async () => {
    for (const kind of ['gitlab', 'pagure'] as const) {
      const comments = await at(kind);
      const author = { name: 'ada', id: 1, username: 'ada' };
      const at1 = {
        created_at: '2026-01-02T03:04:05Z',
        updated_at: '2026-01-02T03:04:05Z',
        date_created: '1772323200',
      };
      const own = { id: 5, body: '/volt retry', comment: '/volt retry', author, user: author, ...at1 };
      fake.fault = () => ({
        status: 200,
        body: { ...own, system: true, comments: [{ ...own, notification: true, edited_on: null }] },
      });
      expect(await comments.read(project, { number: 7, id: 5 }), kind).to.equal(undefined);
      if (kind === 'gitlab') await fake.stop();
    }
  });

  it('are not known where a forge does not tell who may write', async () => {
    for (const kind of ['azure', 'gerrit'] as const)
      expect(forgeAt({ kind, api: 'http://127.0.0.1:1', token: 'a:b' }).comments).to.equal(undefined);
    fake = await FakeForge.start('github');
  });
});

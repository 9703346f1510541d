import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import { BareRepository } from '../../../src/git/mirror/bare-repository.ts';
import { commitMessage } from '../../../src/queues/messages.ts';
import { TestRepository } from '../../support/repository.ts';
import type { Target } from '../target.ts';
import { anyBytes, anyText } from '../texts.ts';

const raw = fc.record({
  author: anyBytes(anyText(4)),
  time: fc.constantFrom('1', '0', '-1', '99999999999', '253402300800', '1e9', 'x', ''),
  zone: fc.constantFrom('+0000', '-9999', '+9960', '0', ''),
  encoding: fc.constantFrom('', 'encoding ISO-8859-1\n', 'encoding UTF-16\n', 'encoding x\n', 'encoding UTF-7\n'),
  message: anyBytes(anyText(20)),
});

export const commitTargets: Target[] = [
  {
    name: 'commits',
    holds: 'a commit whose message and author are any bytes is read as one commit that fits into a message',
    runs: 25,
    async open() {
      const repository = new TestRepository({ a: 'a' });
      const tree = repository.git('rev-parse', 'HEAD^{tree}');
      const parent = repository.head();
      const bare = new BareRepository(`${repository.path}/.git`);
      const property = fc.asyncProperty(raw, async ({ author, time, zone, encoding, message }) => {
        const name = Buffer.from(author.filter((byte) => byte !== 10 && byte !== 0));
        const content = Buffer.concat([
          Buffer.from(`tree ${tree}\nparent ${parent}\nauthor `),
          name,
          Buffer.from(` <a@b> ${time} ${zone}\ncommitter C <c@d> ${time} ${zone}\n${encoding}\n`),
          message,
        ]);
        const sha = execFileSync('git', ['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'], {
          cwd: repository.path,
          input: content,
          encoding: 'utf8',
          stdio: ['pipe', 'pipe', 'ignore'],
        }).trim();
        const [commit] = await bare.commits([sha]);
        if (!commit) throw new Error('there is no commit');
        const { text, skipChecks, ...found } = commit;
        expect(found.sha).to.equal(sha);
        expect(found.subject).to.not.include('\n');
        const offer = { v: 1, repo: 'app', ref: 'refs/heads/main', trigger: 'commit', passedOver: 0, more: false };
        commitMessage.parse({ ...offer, ...found });
        expect(text.length).to.be.at.most(10_000);
      });
      return { property, close: async () => repository.remove() };
    },
  },
];

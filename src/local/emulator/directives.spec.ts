import { beforeEach, describe, expect, it } from '@jest/globals';
import { EmulatedDirectives, listFaults } from './directives.js';

describe('EmulatedDirectives', () => {
  let sut: EmulatedDirectives;
  beforeEach(() => {
    sut = new EmulatedDirectives();
  });

  it.each(['Plan a weekend', '[fault torn]', '[[torn]]', '[[faulty torn]]', ''])(
    'finds no directive in %j',
    (prompt) => {
      expect(sut.next('s', prompt)).toBeUndefined();
    },
  );

  it.each([
    ['torn', { type: 'torn' }],
    ['torn after=2', { type: 'torn', afterChunks: 2 }],
    ['silence after=0', { type: 'silence', afterChunks: 0 }],
    ['corrupt-frame after=3', { type: 'corrupt-frame', afterChunks: 3 }],
    ['return-control after=1', { type: 'return-control', afterChunks: 1 }],
    ['hang-up', { type: 'hang-up' }],
    ['empty', { type: 'empty' }],
    ['reply', { type: 'reply' }],
    ['reply pace=100', { type: 'reply', paceMs: 100 }],
    ['delay ms=250', { type: 'delay', milliseconds: 250 }],
    ['http-error', { type: 'http-error', status: 500, exception: 'InternalServerException' }],
    [
      'http-error status=429 exception=ThrottlingException',
      { type: 'http-error', status: 429, exception: 'ThrottlingException' },
    ],
    [
      'stream-exception exception=DependencyFailedException after=2',
      { type: 'stream-exception', exception: 'DependencyFailedException', afterChunks: 2 },
    ],
    ['html-error', { type: 'html-error', status: 504 }],
    ['html-error status=402', { type: 'html-error', status: 402 }],
    ['tool-rounds rounds=3', { type: 'tool-rounds', rounds: 3 }],
    ['stop-reason', { type: 'stop-reason', reason: 'max_tokens' }],
    ['stop-reason reason=end_turn after=0', { type: 'stop-reason', reason: 'end_turn', afterChunks: 0 }],
    [
      'exception-event exception=RuntimeClientError after=0',
      { type: 'exception-event', exception: 'RuntimeClientError', afterChunks: 0 },
    ],
    ['split-surrogates', { type: 'split-surrogates' }],
    ['no-stop', { type: 'no-stop' }],
  ])('reads %s', (directive, behaviour) => {
    expect(sut.next('s', `Plan a weekend [[fault ${directive}]]`)).toMatchObject(behaviour);
  });

  it('builds a reply of the requested size', () => {
    const behaviour = sut.next('s', '[[fault chunks bytes=40000 pause=5]]');
    expect(behaviour).toMatchObject({ type: 'chunks', pauseMs: 5 });
    const chunks = behaviour?.type === 'chunks' ? behaviour.chunks : [];
    expect(chunks.map((chunk) => (chunk as Uint8Array).length)).toEqual([16_384, 16_384, 7_232]);
  });

  it('applies to one attempt, or to `times` attempts, of each session and prompt', () => {
    const prompt = 'Hello [[fault torn times=2]]';
    expect(sut.next('s', prompt)).toBeDefined();
    expect(sut.next('s', prompt)).toBeDefined();
    expect(sut.next('s', prompt)).toBeUndefined();
    expect(sut.next('another session', prompt)).toBeDefined();
    expect(sut.next('s', `${prompt} again`)).toBeDefined();
  });

  it('applies several directives one after another', () => {
    const prompt = '[[fault hang-up]] and [[fault empty times=2]]';
    const attempts = [1, 2, 3, 4].map(() => sut.next('s', prompt)?.type);
    expect(attempts).toEqual(['hang-up', 'empty', 'empty', undefined]);
  });

  it.each(['[[fault explode]]', '[[fault]]', '[[fault torn]] [[fault constructor]]'])(
    'lists the known faults in reply to %s',
    (prompt) => {
      const behaviour = sut.next('s', prompt);
      expect(behaviour).toMatchObject({ type: 'chunks', chunks: [expect.stringContaining('torn [after=n]')] });
    },
  );

  it.each(['after=x', 'after=', 'after', 'after=-1', 'ms=5', 'exception=Oh', 'times=99999999'])(
    'lists the known options in reply to the option %s',
    (option) => {
      const behaviour = sut.next('s', `[[fault torn ${option}]]`);
      const words = `I do not understand “${option}” of the fault “torn”. I know after, times.`;
      expect(behaviour).toEqual({ type: 'chunks', chunks: [words] });
    },
  );

  it('lists every fault once', () => {
    expect(new Set(listFaults()).size).toBe(17);
  });
});

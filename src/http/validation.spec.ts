import 'reflect-metadata';
import { IsOptional } from 'class-validator';
import { describe, expect, it } from '@jest/globals';
import { BodyPipe, IsText } from './validation.js';

class Note {
  @IsText()
  text!: string;

  @IsOptional()
  @IsText()
  author?: string | null;
}

const check = (body: unknown) => new BodyPipe().transform(body, { type: 'body', metatype: Note });

describe('BodyPipe', () => {
  it('makes the DTO of a good body', async () => {
    const note = await check({ text: 'x', author: null });
    expect(note).toBeInstanceOf(Note);
    expect({ ...(note as Note) }).toEqual({ text: 'x', author: null });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, `Field 'text' is required`],
    ['a fault before an unknown field', { other: 1, author: 7, text: 'x' }, `Field 'author' must be a string`],
    ['the first of its own fields', { author: 7, text: {} }, `Field 'text' must be a string`],
    [
      'a field of the prototype',
      JSON.parse('{"text":"x","__proto__":{"author":"y"}}'),
      `Field '__proto__' is not allowed`,
    ],
    ['a field that is none of its own', Object.create({ text: 'x' }), `Field 'text' is required`],
    ['a name of 101', { text: 'x', ['é'.repeat(101)]: 1 }, `Field '${'é'.repeat(100)}…' is not allowed`],
  ])('refuses %s', async (_, body, message) => {
    await expect(check(body)).rejects.toThrow(message);
  });

  it.each(['text', 'author', 'other'])('never looks into an object, be it %s', async (name) => {
    let looks = 0;
    const count = () => (looks += 1) < 0;
    const members = new Proxy([{}, {}], { ownKeys: () => (count(), ['length']), get: () => count(), has: count });
    await expect(check({ text: 'x', [name]: members })).rejects.toThrow(`Field '${name}'`);
    expect(looks).toBe(0);
  });
});

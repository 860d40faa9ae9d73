import { type CollectionTag, parseDocument, type ScalarTag, YAMLMap, YAMLSeq } from 'yaml';

/** A value of a template. CloudFormation's functions are objects with one key, such as `{"Ref": "ChatTable"}`. */
export type Value = string | number | boolean | null | readonly Value[] | Properties;
export interface Properties {
  readonly [key: string]: Value;
}

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: Properties;
  readonly Properties: Properties;
}

export interface Parameter {
  readonly Type: string;
  readonly Default?: string | number;
  readonly AllowedPattern?: string;
  readonly AllowedValues?: readonly (string | number)[];
  readonly MinValue?: number;
  readonly MaxValue?: number;
}

export interface Rule {
  /** Without it the assertions apply to every stack. */
  readonly RuleCondition?: Value;
  readonly Assertions: readonly { readonly Assert: Value }[];
}

/** The parts of a template that scripts and tests read. */
export interface Template {
  readonly Globals?: { readonly Function?: Properties };
  readonly Parameters: Readonly<Record<string, Parameter>>;
  readonly Conditions: Properties;
  readonly Rules: Readonly<Record<string, Rule>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Properties;
}

/** The functions with a short form, such as `!Sub` for `Fn::Sub`. */
const FUNCTIONS = ['And', 'Equals', 'FindInMap', 'GetAtt', 'If', 'Join', 'Not', 'Or', 'Select', 'Split', 'Sub'];
const LONG_NAMES = { Ref: 'Ref', Condition: 'Condition', ...Object.fromEntries(FUNCTIONS.map((f) => [f, `Fn::${f}`])) };

/**
 * Parses a template with short forms of functions, anchors and merges.
 *
 * @throws Error when it is not YAML, or has a tag that CloudFormation does not know.
 */
export function parseTemplate(text: string): Template {
  const document = parseDocument(text, { version: '1.1', customTags: Object.entries(LONG_NAMES).flatMap(buildTags) });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) throw problem;
  return document.toJS() as Template;
}

/** The argument of a function is text or a list. */
function buildTags([short, long]: readonly [string, string]): (ScalarTag | CollectionTag)[] {
  const tag = `!${short}`;
  const text: ScalarTag = {
    tag,
    resolve: (value) => ({ [long]: short === 'GetAtt' ? value.split('.') : value }),
  };
  const list: CollectionTag = {
    tag,
    collection: 'seq',
    resolve: (items) => {
      items.tag = YAMLSeq.tagName;
      const call = new YAMLMap();
      call.set(long, items);
      return call;
    },
  };
  return [text, list];
}

import type { Properties, Template, Value } from '../../../scripts/template/template.js';

const REGION = 'us-east-1';
const ACCOUNT = '123456789012';
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::StackName': 'stack',
  'AWS::URLSuffix': 'amazonaws.com',
};
/** Stands for `AWS::NoValue`, whose property is left out. */
const NOTHING = Symbol('AWS::NoValue');

/** The parameters of an agent of Bedrock Agents. A stack needs the parameters of one agent. */
export const AGENT = { AgentId: 'AGENT', AgentAliasId: 'ALIAS' };

type Resolved = string | number | boolean | null | typeof NOTHING | readonly Resolved[] | { [key: string]: Resolved };

/** Evaluates a template with these parameters, and defaults for the others. */
export class StackValues {
  constructor(
    private readonly template: Template,
    private readonly parameters: Readonly<Record<string, string | number>> = AGENT,
  ) {}

  of(value: Value | undefined): unknown {
    return value === undefined ? undefined : this.resolve(value);
  }

  /** Whether CloudFormation would create the stack: all assertions of the rules that apply are true. */
  isAllowed(): boolean {
    return Object.values(this.template.Rules).every(
      ({ RuleCondition, Assertions }) =>
        (RuleCondition !== undefined && this.of(RuleCondition) === false) ||
        Assertions.every(({ Assert }) => this.of(Assert) === true),
    );
  }

  /** Whether a resource is in the stack. */
  has(logicalId: string): boolean {
    const condition = this.template.Resources[logicalId]?.Condition;
    return condition === undefined || this.holds(condition);
  }

  private resolve(value: Value): Resolved {
    if (value === null || typeof value !== 'object') return value;
    if (isList(value)) return value.map((item) => this.resolve(item)).filter((item) => item !== NOTHING);
    const [name = '', ...more] = Object.keys(value);
    if (more.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) return this.call(name, value[name] ?? null);
    const entries = Object.entries(value).map(([key, item]) => [key, this.resolve(item)] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== NOTHING));
  }

  private call(name: string, argument: Value): Resolved {
    const list = isList(argument) ? argument : [argument];
    const [first, second, third] = list;
    if (name === 'Ref') return this.reference(String(first));
    if (name === 'Fn::GetAtt') return this.attribute(String(first), String(second));
    if (name === 'Fn::Sub') return this.text(String(first));
    if (name === 'Fn::Equals') return this.resolve(first ?? null) === this.resolve(second ?? null);
    if (name === 'Fn::And') return list.every((one) => this.resolve(one) === true);
    if (name === 'Fn::Or') return list.some((one) => this.resolve(one) === true);
    if (name === 'Fn::Select') return asList(this.resolve(second ?? null))[Number(first)] ?? '';
    if (name === 'Fn::Join') return asList(this.resolve(second ?? null)).join(String(first));
    if (name === 'Fn::Split') return String(this.resolve(second ?? null)).split(String(first));
    if (name === 'Fn::Not') return this.resolve(first ?? null) === false;
    if (name === 'Fn::If') return this.resolve((this.holds(String(first)) ? second : third) ?? null);
    throw new Error(`${name} is not known here`);
  }

  private holds(condition: string): boolean {
    const definition = this.template.Conditions[condition];
    if (definition === undefined) throw new Error(`There is no condition ${condition}`);
    return this.resolve(definition) === true;
  }

  private reference(name: string): Resolved {
    if (name === 'AWS::NoValue') return NOTHING;
    const known = PSEUDO[name] ?? this.parameters[name] ?? this.template.Parameters[name]?.Default;
    if (known !== undefined) return known;
    const type = this.template.Resources[name]?.Type;
    if (type === undefined) throw new Error(`There is no ${name}`);
    if (!this.has(name)) throw new Error(`${name} is not in this stack`);
    return type === 'AWS::SecretsManager::Secret' ? `${arn('secretsmanager', 'secret:')}${name}-AbCdEf` : name;
  }

  private attribute(name: string, attribute: string): string {
    const type = this.template.Resources[name]?.Type;
    if (!this.has(name)) throw new Error(`${name} is not in this stack`);
    if (attribute === 'Arn' && type === 'AWS::DynamoDB::Table') return arn('dynamodb', `table/${name}`);
    // With the streams of the group, and nothing else.
    if (attribute === 'Arn' && type === 'AWS::Logs::LogGroup') return arn('logs', `log-group:${name}:*`);
    // With a slash at its end.
    if (attribute === 'FunctionUrl') return `https://${name}.lambda-url.${REGION}.on.aws/`;
    return `${name}.${attribute}`;
  }

  private text(template: string): string {
    return template.replace(/\$\{([^!}]+)\}/g, (_match, name: string) => {
      const [resource = '', attribute] = name.split('.');
      return attribute === undefined ? String(this.reference(resource)) : this.attribute(resource, attribute);
    });
  }
}

/** Lists the names in a part of the template: parameters, resources and conditions. */
export function namesIn(value: Value | undefined): string[] {
  if (value === undefined || value === null || typeof value !== 'object') return [];
  if (isList(value)) return value.flatMap(namesIn);
  return Object.entries(value).flatMap(([key, item]) => {
    const argument = isList(item) ? item[0] : item;
    if (key === 'Ref' || key === 'Fn::GetAtt' || key === 'Condition') return [String(argument)];
    const here = key === 'Fn::If' ? [String(argument)] : key === 'Fn::Sub' ? namesInText(String(argument)) : [];
    return [...here, ...namesIn(item)];
  });
}

/** Lists every text in a part of the template, with the arguments of functions. */
export function textsIn(value: Value | undefined): string[] {
  if (typeof value === 'string') return [value];
  if (value === undefined || value === null || typeof value !== 'object') return [];
  return (isList(value) ? value : Object.values(value)).flatMap(textsIn);
}

/** Returns the values at a path such as `KeySchema.*.KeyType`. `*` is any key. */
export function valuesAt(properties: Value | undefined, path: string): Value[] {
  const [key = '', ...rest] = path.split('.');
  if (properties === undefined || properties === null || typeof properties !== 'object') return [];
  const children = Object.entries(properties).flatMap(([name, child]) => (key === '*' || key === name ? [child] : []));
  return rest.length === 0 ? children : children.flatMap((child) => valuesAt(child, rest.join('.')));
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function asMap(value: Value | undefined): Properties {
  return value === undefined || value === null || typeof value !== 'object' || isList(value) ? {} : value;
}

export function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}

function asList(value: Resolved): readonly Resolved[] {
  return Array.isArray(value) ? (value as readonly Resolved[]) : [value];
}

function namesInText(text: string): string[] {
  return [...text.matchAll(/\$\{([^!}.]+)/g)].map(([, name = '']) => name);
}

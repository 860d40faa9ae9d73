/** An `Intl.DateTimeFormat` that is created at its first use, because the first of a process takes 12 ms. */
export function DateTimeFormatOnUse(...options) {
  const { DateTimeFormat } = globalThis.Intl;
  let format;
  return new Proxy(DateTimeFormat.prototype, {
    get(_, name) {
      format ??= new DateTimeFormat(...options);
      const value = format[name];
      return typeof value === 'function' ? value.bind(format) : value;
    },
  });
}

DateTimeFormatOnUse.supportedLocalesOf = (...given) => globalThis.Intl.DateTimeFormat.supportedLocalesOf(...given);

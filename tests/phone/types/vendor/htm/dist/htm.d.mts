declare const htm: {
  bind<R>(h: (type: any, props: Record<string, any> | null, ...children: any[]) => R):
    (strings: TemplateStringsArray, ...values: any[]) => R
}
export default htm

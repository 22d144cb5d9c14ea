/** Of JavaScript, so that both engines round a weight alike. Few rows need them. */
export declare function log(x: f64): f64;
export declare function exp(x: f64): f64;

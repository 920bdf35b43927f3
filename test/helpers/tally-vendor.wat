;; A vendor of docs/vendor-abi.md written by hand in WebAssembly's text form, without a compiler, to show
;; that the ABI is bound to none. It tallies dark pixels in 16 x 16 fields of the picture; two
;; imprints are as alike as their tallies overlap.
(module
  (memory (export "memory") 1)
  ;; Code and name share their bytes: "tally", zero padded to 40.
  (data (i32.const 16) "tally")
  (global $first i32 (i32.const 128))
  (global $top (mut i32) (i32.const 128))

  (func (export "reset") (global.set $top (global.get $first)))

  (func $alloc (export "alloc") (param $bytes i32) (result i32)
    (local $start i32) (local $pages i32)
    (local.set $start (global.get $top))
    (if (i32.le_s (local.get $bytes) (i32.const 0)) (then (return (i32.const 0))))
    (global.set $top
      (i32.and (i32.add (i32.add (local.get $start) (local.get $bytes)) (i32.const 15)) (i32.const -16)))
    (local.set $pages (i32.sub (i32.shr_u (i32.add (global.get $top) (i32.const 65535)) (i32.const 16)) (memory.size)))
    (if (i32.gt_s (local.get $pages) (i32.const 0))
      (then (if (i32.lt_s (memory.grow (local.get $pages)) (i32.const 0)) (then (return (i32.const 0))))))
    (local.get $start))

  (func (export "info") (result i32)
    (local $at i32)
    (local.set $at (call $alloc (i32.const 80)))
    (memory.fill (local.get $at) (i32.const 0) (i32.const 80))
    (i32.store (local.get $at) (i32.const 0x31495643))
    (i32.store offset=4 (local.get $at) (i32.const 2))
    (i32.store offset=8 (local.get $at) (i32.const 0x10000))
    (f32.store offset=12 (local.get $at) (f32.const 0.8))
    (f32.store offset=16 (local.get $at) (f32.const 0.4))
    (memory.copy (i32.add (local.get $at) (i32.const 20)) (i32.const 16) (i32.const 16))
    (memory.copy (i32.add (local.get $at) (i32.const 36)) (i32.const 16) (i32.const 40))
    (i32.store offset=76 (local.get $at) (i32.const 1))
    (local.get $at))

  ;; A template is the head and 256 numbers of four bytes: dark pixels by field.
  (func (export "enrol")
    (param $rgba i32) (param $w i32) (param $h i32) (param $dpi f32) (param $keep i32)
    (param $out i32) (param $room i32) (result i32)
    (local $x i32) (local $y i32) (local $p i32) (local $dark i32)
    (if (i32.lt_s (local.get $room) (i32.const 1088)) (then (return (i32.const -5))))
    (if (i32.or (i32.lt_s (local.get $w) (i32.const 16)) (i32.lt_s (local.get $h) (i32.const 16)))
      (then (return (i32.const -9))))
    (memory.fill (local.get $out) (i32.const 0) (i32.const 1088))
    (i32.store (local.get $out) (i32.const 0x50545343))
    (i32.store offset=4 (local.get $out) (i32.const 0x400001))
    (memory.copy (i32.add (local.get $out) (i32.const 8)) (i32.const 16) (i32.const 16))
    (i32.store offset=24 (local.get $out) (i32.const 0x10000))
    (i32.store offset=28 (local.get $out) (i32.const 1088))
    (local.set $p (local.get $rgba))
    (loop $rows
      (local.set $x (i32.const 0))
      (loop $columns
        ;; Green below a half is ink.
        (if (i32.lt_u (i32.load8_u offset=1 (local.get $p)) (i32.const 128))
          (then
            (local.set $dark (i32.add (local.get $dark) (i32.const 1)))
            (call $tally (i32.add (local.get $out) (i32.const 64))
              (i32.div_u (i32.mul (local.get $x) (i32.const 16)) (local.get $w))
              (i32.div_u (i32.mul (local.get $y) (i32.const 16)) (local.get $h)))))
        (local.set $p (i32.add (local.get $p) (i32.const 4)))
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (br_if $columns (i32.lt_s (local.get $x) (local.get $w))))
      (local.set $y (i32.add (local.get $y) (i32.const 1)))
      (br_if $rows (i32.lt_s (local.get $y) (local.get $h))))
    (select (i32.const 1088) (i32.const -9) (local.get $dark)))

  (func $tally (param $fields i32) (param $column i32) (param $row i32)
    (local $at i32)
    (local.set $at
      (i32.add (local.get $fields)
        (i32.shl (i32.add (local.get $column) (i32.shl (local.get $row) (i32.const 4))) (i32.const 2))))
    (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.const 1))))

  (func $isMine (param $template i32) (param $length i32) (result i32)
    (if (i32.ne (local.get $length) (i32.const 1088)) (then (return (i32.const 0))))
    (i64.eq (i64.load offset=8 (local.get $template)) (i64.load (i32.const 16))))

  ;; The picture is the fields themselves: one with any ink is a dark pixel.
  (func (export "restore")
    (param $template i32) (param $length i32) (param $out i32) (param $room i32) (result i32)
    (local $i i32) (local $at i32)
    (if (i32.eqz (call $isMine (local.get $template) (local.get $length))) (then (return (i32.const -3))))
    (i32.store (local.get $out) (i32.const 16))
    (i32.store offset=4 (local.get $out) (i32.const 16))
    (memory.fill (i32.add (local.get $out) (i32.const 8)) (i32.const 0) (i32.const 32))
    (loop $fields
      (if (i32.load offset=64 (i32.add (local.get $template) (i32.shl (local.get $i) (i32.const 2))))
        (then
          (local.set $at (i32.add (i32.add (local.get $out) (i32.const 8)) (i32.shr_u (local.get $i) (i32.const 3))))
          (i32.store8 (local.get $at)
            (i32.or (i32.load8_u (local.get $at))
              (i32.shr_u (i32.const 128) (i32.and (local.get $i) (i32.const 7)))))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $fields (i32.lt_s (local.get $i) (i32.const 256))))
    (i32.const 40))

  (func (export "compare")
    (param $a i32) (param $n i32) (param $b i32) (param $m i32) (param $out i32) (param $room i32)
    (result i32)
    (local $i i32) (local $less i32) (local $more i32) (local $x i32) (local $y i32)
    (if (i32.eqz (i32.and (call $isMine (local.get $a) (local.get $n)) (call $isMine (local.get $b) (local.get $m))))
      (then (return (i32.const -3))))
    (loop $fields
      (local.set $x (i32.load offset=64 (i32.add (local.get $a) (local.get $i))))
      (local.set $y (i32.load offset=64 (i32.add (local.get $b) (local.get $i))))
      (local.set $less
        (i32.add (local.get $less)
          (select (local.get $x) (local.get $y) (i32.lt_u (local.get $x) (local.get $y)))))
      (local.set $more
        (i32.add (local.get $more)
          (select (local.get $y) (local.get $x) (i32.lt_u (local.get $x) (local.get $y)))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $fields (i32.lt_s (local.get $i) (i32.const 1024))))
    (memory.fill (local.get $out) (i32.const 0) (i32.const 48))
    (f32.store (local.get $out)
      (f32.div (f32.convert_i32_u (local.get $less)) (f32.max (f32.const 1) (f32.convert_i32_u (local.get $more)))))
    (f32.store offset=4 (local.get $out) (f32.const 1))
    ;; No motion is looked for: a and d of the transform are 1.
    (f32.store offset=12 (local.get $out) (f32.const 1))
    (f32.store offset=24 (local.get $out) (f32.const 1))
    (i32.const 48)))

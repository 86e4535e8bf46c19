package statemachine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// getObject is the one source of items that is implemented: a JSON array in an
// object (developer guide, "ItemReader").
const getObject = "arn:aws:states:::s3:getObject"

type itemReader struct{ bucket, key template }

type itemBatcher struct {
	most  int      // MaxItemsPerBatch
	input template // BatchInput; nil: none
}

// batch is the input of one child and the number of items in it.
type batch struct {
	input any
	items int
}

func (m *distributed) compileItems(shape *mapShape) (err error) {
	if m.itemsPath, err = parseFilter(shape.ItemsPath); err != nil {
		return fmt.Errorf("field ItemsPath %w", err)
	}
	if m.selector, err = parseField("ItemSelector", shape.ItemSelector); err != nil {
		return err
	}
	if shape.ItemReader != nil {
		if m.reader, err = shape.ItemReader.compile(); err != nil {
			return fmt.Errorf("field ItemReader: %w", err)
		}
	}
	if shape.ItemBatcher == nil {
		return nil
	}
	m.batcher = &itemBatcher{most: shape.ItemBatcher.MaxItemsPerBatch}
	if m.batcher.most < 1 {
		return errors.New("field ItemBatcher: MaxItemsPerBatch must be above 0")
	}
	m.batcher.input, err = parseField("ItemBatcher/BatchInput", shape.ItemBatcher.BatchInput)
	return err
}

func (shape *readerShape) compile() (*itemReader, error) {
	if shape.Resource != getObject || shape.ReaderConfig.InputType != "JSON" {
		return nil, errors.New("only " + getObject + " with InputType JSON is implemented")
	}
	parameters, err := parseField("Parameters", shape.Parameters)
	if err != nil {
		return nil, err
	}
	fields, _ := parameters.(object)
	r := &itemReader{bucket: fields["Bucket"], key: fields["Key"]}
	if len(fields) != 2 || r.bucket == nil || r.key == nil {
		return nil, errors.New("needs Bucket and Key as its Parameters, and nothing else")
	}
	return r, nil
}

// items gives the array that the Map works through.
func (m *distributed) items(ctx context.Context, s scope, seen any) ([]any, error) {
	if m.reader != nil {
		return m.reader.read(ctx, s, m.name, seen)
	}
	v, err := m.itemsPath.apply(m.name, "ItemsPath", seen, s.object(m.name))
	if err != nil {
		return nil, err
	}
	items, ok := v.([]any)
	if !ok {
		return nil, fail(runtimeError, m.name, "the items are not an array")
	}
	return items, nil
}

func (r *itemReader) read(ctx context.Context, s scope, state string, seen any) ([]any, error) {
	var names [2]string
	for i, t := range []template{r.bucket, r.key} {
		v, err := t.fill(state, seen, s.object(state))
		if err != nil {
			return nil, err
		}
		names[i], _ = v.(string)
	}
	if s.env.Open == nil {
		return nil, fail(itemReaderError, state, "there is nothing to read objects with")
	}
	body, err := s.env.Open(ctx, names[0], names[1])
	if err != nil {
		return nil, readFailed(state, err)
	}
	defer body.Close()
	items, err := readArray(body)
	if err != nil {
		return nil, readFailed(state, err)
	}
	return items, nil
}

func readFailed(state string, err error) *Error {
	return &Error{Name: itemReaderError, State: state, Cause: err.Error(), Err: err}
}

// readArray reads a JSON array of any length. The limit on a state's data does
// not hold for it: only the items themselves reach a state.
func readArray(body io.Reader) ([]any, error) {
	d := json.NewDecoder(body)
	d.UseNumber()
	var items []any
	if err := d.Decode(&items); err != nil {
		return nil, fmt.Errorf("the object is not a JSON array: %w", plain(err))
	}
	if items == nil {
		return nil, errors.New("the object is not a JSON array")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errTrailing
	}
	return items, nil
}

// plain takes the object's content out of an error of the JSON package.
func plain(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("wrong at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return errors.New("it is of another kind")
	}
	return err
}

// batches makes the children's inputs: each item as ItemSelector shapes it,
// and several of them together as ItemBatcher says.
func (m *distributed) batches(s scope, seen any, items []any) ([]batch, error) {
	var shared any
	if m.batcher != nil && m.batcher.input != nil {
		var err error
		if shared, err = m.batcher.input.fill(m.name, seen, s.object(m.name)); err != nil {
			return nil, err
		}
	}
	var list []batch
	var open packing
	for i, item := range items {
		item, err := m.selectItem(s, seen, i, item)
		if err != nil {
			return nil, err
		}
		if m.batcher == nil {
			list = append(list, batch{input: item, items: 1})
			continue
		}
		if !open.fits(m.batcher.most, item) {
			list = append(list, open.close(shared))
			open = packing{}
		}
		open.add(shared, item)
	}
	if len(open.items) > 0 {
		list = append(list, open.close(shared))
	}
	return list, nil
}

func (m *distributed) selectItem(s scope, seen any, index int, item any) (any, error) {
	if m.selector == nil {
		return item, nil
	}
	s.item = map[string]any{"Index": json.Number(strconv.Itoa(index)), "Value": item}
	return m.selector.fill(m.name, seen, s.object(m.name))
}

// packing is a batch that takes items until it is full: by their number, or by
// the bytes that a child's input may have.
type packing struct {
	items []any
	bytes int
}

func (p *packing) fits(most int, item any) bool {
	return len(p.items) == 0 || len(p.items) < most && p.bytes+len(encode(item))+1 <= maxPayload
}

func (p *packing) add(shared, item any) {
	if len(p.items) == 0 {
		p.bytes = len(encode((&packing{}).close(shared).input))
	}
	p.items = append(p.items, item)
	p.bytes += len(encode(item)) + 1
}

func (p *packing) close(shared any) batch {
	items := p.items
	if items == nil {
		items = []any{}
	}
	input := map[string]any{"Items": items}
	if shared != nil {
		input["BatchInput"] = shared
	}
	return batch{input: input, items: len(items)}
}

// Asks a warehouse through the JDBC driver and prints one JSON object: an answer for each question.
//
// java -cp databricks-jdbc.jar JdbcClient.java URL
//
// A result is a list of rows, each an object of its columns. An error is an object with
// `error` (the message) and `state` (the SQLSTATE).

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

public class JdbcClient {
    private static final String LONG =
        "select count(*) from range(1000000) a cross join range(1000000) b"
            + " where (a.id * b.id) % 7 = 3";

    private final Map<String, Object> answers = new LinkedHashMap<>();
    private final Connection connection;

    private JdbcClient(Connection connection) {
        this.connection = connection;
    }

    public static void main(String[] arguments) throws Exception {
        try (Connection connection = DriverManager.getConnection(arguments[0])) {
            JdbcClient client = new JdbcClient(connection);
            client.askForMetadata();
            client.askForValues();
            client.askWithParameters();
            client.change();
            client.fail();
            System.out.println(json(client.answers));
        }
        System.exit(0); // the driver's threads do not end by themselves
    }

    private void askForMetadata() throws SQLException {
        DatabaseMetaData data = connection.getMetaData();
        answer("product", () -> data.getDatabaseProductName());
        answer("catalogs", () -> rows(data.getCatalogs()));
        answer("schemas", () -> rows(data.getSchemas("medallion", "s%")));
        answer("schemas of all catalogs", () -> rows(data.getSchemas()));
        answer("table types", () -> rows(data.getTableTypes()));
        answer("tables", () -> rows(data.getTables("medallion", "s", "%", null)));
        answer("views", () -> rows(data.getTables("medallion", "s", "%", new String[] {"VIEW"})));
        answer("no tables", () -> rows(data.getTables("medallion", "nothing", "%", null)));
        answer("columns", () -> rows(data.getColumns("medallion", "s", "child", "%")));
        answer("a column", () -> rows(data.getColumns("medallion", "s", "child", "n%")));
        answer("types of columns", () -> rows(data.getColumns("medallion", "s", "kinds", null)));
        answer("primary keys", () -> rows(data.getPrimaryKeys("medallion", "s", "parent")));
        answer("imported keys", () -> rows(data.getImportedKeys("medallion", "s", "child")));
        answer("exported keys", () -> rows(data.getExportedKeys("medallion", "s", "parent")));
        answer(
            "cross reference",
            () -> rows(data.getCrossReference("medallion", "s", "parent", "medallion", "s", "child")));
        answer("functions", () -> rows(data.getFunctions("medallion", "s", "%")));
        answer("type info", () -> rows(data.getTypeInfo()));
    }

    private void askForValues() throws SQLException {
        answer("values", () -> query("select * from s.kinds order by a_int"));
        answer("classes", () -> described("select * from s.kinds"));
        answer("no rows", () -> query("select id from s.child where false"));
        answer("many rows", () -> {
            try (Statement statement = connection.createStatement();
                 ResultSet found = statement.executeQuery("select id from range(250000)")) {
                long count = 0;
                long sum = 0;
                while (found.next()) {
                    count++;
                    sum += found.getLong(1);
                }
                return List.of(count, sum);
            }
        });
        answer("a limit", () -> {
            try (Statement statement = connection.createStatement()) {
                statement.setMaxRows(3);
                return rows(statement.executeQuery("select id from range(10)")).size();
            }
        });
        answer("the session", () -> {
            connection.setCatalog("medallion");
            connection.setSchema("s");
            return query("select current_catalog() as c, current_schema() as s");
        });
    }

    private void askWithParameters() throws SQLException {
        answer("parameters", () -> {
            String text =
                "select ? as i, ? as l, ? as t, ? as d, ? as b, ? as day, ? as at, ? as x, ? as n";
            try (PreparedStatement statement = connection.prepareStatement(text)) {
                statement.setInt(1, 7);
                statement.setLong(2, 1L << 40);
                statement.setString(3, "it's a \\ ? `");
                statement.setBigDecimal(4, new BigDecimal("12.340"));
                statement.setBoolean(5, true);
                statement.setDate(6, Date.valueOf("2024-02-29"));
                statement.setTimestamp(7, Timestamp.valueOf("2024-02-29 01:02:03.5"));
                statement.setDouble(8, 1.5);
                statement.setNull(9, Types.VARCHAR);
                return rows(statement.executeQuery());
            }
        });
        answer("a prepared statement twice", () -> {
            List<Object> found = new ArrayList<>();
            try (PreparedStatement statement =
                     connection.prepareStatement("select name from s.child where id = ?")) {
                for (int id = 1; id <= 2; id++) {
                    statement.setInt(1, id);
                    found.addAll(rows(statement.executeQuery()));
                }
            }
            return found;
        });
        answer("a missing parameter", () -> {
            try (PreparedStatement statement = connection.prepareStatement("select ?, ?")) {
                statement.setInt(1, 1);
                return rows(statement.executeQuery());
            }
        });
        answer("columns of a prepared statement", () -> {
            try (PreparedStatement statement =
                     connection.prepareStatement("select id, name from s.child where id = ?")) {
                ResultSetMetaData data = statement.getMetaData();
                return data.getColumnCount();
            }
        });
    }

    private void change() throws SQLException {
        answer("created", () -> update("create or replace table s.written (id int, name string)"));
        answer("inserted", () -> update("insert into s.written values (1, 'a'), (2, 'b')"));
        answer("updated", () -> update("update s.written set name = 'c' where id = 2"));
        answer("deleted", () -> update("delete from s.written where id = 1"));
        answer("a batch", () -> {
            try (PreparedStatement statement =
                     connection.prepareStatement("insert into s.written values (?, ?)")) {
                for (int id = 10; id < 13; id++) {
                    statement.setInt(1, id);
                    statement.setString(2, "n" + id);
                    statement.addBatch();
                }
                List<Object> counts = new ArrayList<>();
                for (int count : statement.executeBatch()) {
                    counts.add(count);
                }
                return counts;
            }
        });
        answer("written", () -> query("select * from s.written order by id"));
        answer("dropped", () -> update("drop table s.written"));
    }

    private void fail() throws SQLException {
        answer("a missing table", () -> query("select * from s.nothing"));
        answer("a syntax error", () -> query("selec 1"));
        answer("a division by zero", () -> query("select 1 / 0"));
        answer("cancelled", () -> {
            try (Statement statement = connection.createStatement()) {
                Thread canceller = new Thread(() -> cancelSoon(statement));
                canceller.start();
                return rows(statement.executeQuery(LONG));
            }
        });
        answer("after the errors", () -> query("select 1 as one"));
    }

    private static void cancelSoon(Statement statement) {
        try {
            Thread.sleep(1500);
            statement.cancel();
        } catch (InterruptedException | SQLException error) {
            System.err.println(error);
        }
    }

    private void answer(String question, Callable<Object> work) {
        Object found;
        try {
            found = work.call();
        } catch (SQLException error) {
            Map<String, Object> shown = new LinkedHashMap<>();
            shown.put("error", String.valueOf(error.getMessage()));
            shown.put("state", error.getSQLState());
            found = shown;
        } catch (Exception error) {
            found = Map.of("error", String.valueOf(error));
        }
        answers.put(question, found);
    }

    private Object query(String text) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return rows(statement.executeQuery(text));
        }
    }

    private Object update(String text) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.executeUpdate(text);
        }
    }

    private Object described(String text) throws SQLException {
        List<Object> columns = new ArrayList<>();
        try (Statement statement = connection.createStatement();
             ResultSet found = statement.executeQuery(text)) {
            ResultSetMetaData data = found.getMetaData();
            for (int place = 1; place <= data.getColumnCount(); place++) {
                columns.add(List.of(
                    data.getColumnName(place),
                    data.getColumnTypeName(place),
                    data.getColumnType(place),
                    data.getPrecision(place),
                    data.getScale(place),
                    data.getColumnClassName(place)));
            }
        }
        return columns;
    }

    private static List<Object> rows(ResultSet found) throws SQLException {
        List<Object> rows = new ArrayList<>();
        try (found) {
            ResultSetMetaData data = found.getMetaData();
            while (found.next()) {
                Map<String, Object> row = new LinkedHashMap<>();
                for (int place = 1; place <= data.getColumnCount(); place++) {
                    row.put(data.getColumnLabel(place), found.getObject(place));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    private static String json(Object value) {
        if (value == null || value instanceof Boolean || value instanceof Integer
            || value instanceof Long || value instanceof Short || value instanceof Byte) {
            return String.valueOf(value);
        }
        StringBuilder text = new StringBuilder();
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, one) -> text.append(text.isEmpty() ? "" : ", ")
                .append(json(String.valueOf(key))).append(": ").append(json(one)));
            return "{" + text + "}";
        }
        if (value instanceof List<?> list) {
            list.forEach(one -> text.append(text.isEmpty() ? "" : ", ").append(json(one)));
            return "[" + text + "]";
        }
        String shown = value instanceof byte[] bytes ? new String(bytes) : value.toString();
        for (char one : shown.toCharArray()) {
            if (one == '"' || one == '\\') {
                text.append('\\').append(one);
            } else if (one < ' ') {
                text.append(String.format("\\u%04x", (int) one));
            } else {
                text.append(one);
            }
        }
        return "\"" + text + "\"";
    }
}
